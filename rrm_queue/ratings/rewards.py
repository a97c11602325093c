"""A reward for each answer of a group, computed from the matches that its judge decided."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrm_queue.domain import Result
from rrm_queue.ratings.bradley_terry import bradley_terry
from rrm_queue.ratings.columns import Columns
from rrm_queue.ratings.elo import INITIAL, SCALE, expected_elo
from rrm_queue.ratings.ranks import ranked
from rrm_queue.views.rewards import RewardFormula, RewardKind

Numbers = NDArray[np.float64]

EQUAL = 1e-9
"""Rewards whose standard deviation is smaller are equal: to scale them would show only rounding."""


@dataclass(frozen=True, slots=True)
class Rewards:
    """Of each candidate by number: its reward, its rank and its Bradley-Terry rating.

    All are None for a candidate of which the judge decided no match.
    """

    rewards: list[float | None]
    ranks: list[int | None]
    ratings: list[float | None]


def rewards(size: int, results: Sequence[Result], seed: int, formula: RewardFormula) -> Rewards:
    """The rewards of a group of `size` candidates.

    `results` are the matches that the judge decided; a draw counts as half a win. `seed` draws the
    orders over which Elo is averaged.
    """
    columns = Columns.of(size, results)
    met = np.zeros(size, bool)
    met[columns.firsts] = met[columns.seconds] = True
    strengths = bradley_terry(columns)
    ranks = np.ones(size, int)
    if met.any():
        ranks[met] = ranked(strengths[met])
    values = _VALUES[formula.kind](columns, strengths, ranks, seed)
    if met.any():
        values[met] = _fitted(values[met], formula)
    return Rewards(_known(values, met), _known(ranks, met), _known(strengths, met))


def equal_rewards(size: int, formula: RewardFormula) -> Rewards:
    """The rewards of a group whose answers are all the same text: nothing has to be judged."""
    draws = [
        Result(first, second, None)  # type: ignore[arg-type]  # numbers of candidates
        for first in range(size)
        for second in range(first)
    ]
    return rewards(size, draws, 0, formula)


def _bt(_columns: Columns, strengths: Numbers, _ranks: NDArray[np.int64], _seed: int) -> Numbers:
    chances: Numbers = 1 / (1 + 10 ** ((INITIAL - strengths) / SCALE))
    return chances


def _elo(columns: Columns, _strengths: Numbers, _ranks: NDArray[np.int64], seed: int) -> Numbers:
    return (expected_elo(columns, seed) - INITIAL) / 200 + 0.5


def _winrate(
    columns: Columns, _strengths: Numbers, _ranks: NDArray[np.int64], _seed: int
) -> Numbers:
    wins, losses, draws = columns.records()
    rates: Numbers = (wins + draws / 2 + 1) / (wins + losses + draws + 2)
    return rates


def _rank(_columns: Columns, _strengths: Numbers, ranks: NDArray[np.int64], _seed: int) -> Numbers:
    """Candidates that share a rank get the mean of the places that they share."""
    better = (ranks[None, :] < ranks[:, None]).sum(axis=1)
    equal = (ranks[None, :] == ranks[:, None]).sum(axis=1) - 1
    places: Numbers = 1 - (better + equal / 2) / max(1, len(ranks) - 1)
    return places


def _best(_columns: Columns, _strengths: Numbers, ranks: NDArray[np.int64], _seed: int) -> Numbers:
    first = ranks == 1
    shares: Numbers = first / max(1, int(first.sum()))
    return shares


_VALUES: MappingProxyType[
    RewardKind, Callable[[Columns, Numbers, NDArray[np.int64], int], Numbers]
] = MappingProxyType(
    {
        RewardKind.BT: _bt,
        RewardKind.ELO: _elo,
        RewardKind.WINRATE: _winrate,
        RewardKind.RANK: _rank,
        RewardKind.BEST: _best,
    }
)


def _fitted(values: Numbers, formula: RewardFormula) -> Numbers:
    mean, deviation = values.mean(), values.std()
    fitted = values - mean if formula.center else values
    return fitted / deviation if formula.scale and deviation > EQUAL else fitted


def _known(cells: NDArray[np.generic], met: NDArray[np.bool_]) -> list[Any]:
    return [cell if there else None for cell, there in zip(cells.tolist(), met, strict=True)]
