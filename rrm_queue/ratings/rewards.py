"""A reward for each answer of a group, computed from the matches that its judge decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from rrm_queue.domain import CandidateNumber, Result
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
    """Of each answer of a group: its reward, its rank and its Bradley-Terry rating.

    All are None for an answer of which the judge decided no match.
    """

    rewards: list[float | None]
    ranks: list[int | None]
    ratings: list[float | None]


def rewards(
    candidates: Sequence[int], results: Sequence[Result], seed: int, formula: RewardFormula
) -> Rewards:
    """The rewards of a group of answers; `candidates` says which candidate each answer is.

    So equal answers, which are one candidate, get the same reward, and each of them counts in ranks
    and means. `results` are the matches that the judge decided; a draw counts as half a win. `seed`
    draws the orders over which Elo is averaged.
    """
    answers = np.array(candidates)
    columns = Columns.of(int(answers.max()) + 1, results)
    met = np.zeros(columns.size, bool)
    met[columns.firsts] = met[columns.seconds] = True
    known, strengths = met[answers], bradley_terry(columns)[answers]
    ranks = np.ones(len(answers), int)
    if known.any():
        ranks[known] = ranked(strengths[known])
    values = _values(columns, answers, strengths, ranks, seed, formula.kind)
    if known.any():
        values[known] = _fitted(values[known], formula)
    return Rewards(_known(values, known), _known(ranks, known), _known(strengths, known))


def equal_rewards(size: int, formula: RewardFormula) -> Rewards:
    """The rewards of a group whose answers are all the same text: nothing has to be judged."""
    one, other = CandidateNumber(0), CandidateNumber(1)
    return rewards([0] * (size - 1) + [1], [Result(one, other, None)], 0, formula)


def _values(
    columns: Columns,
    answers: NDArray[np.int64],
    strengths: Numbers,
    ranks: NDArray[np.int64],
    seed: int,
    kind: RewardKind,
) -> Numbers:
    """Each answer's reward before it is centred or scaled."""
    match kind:
        case RewardKind.BT:
            chances: Numbers = 1 / (1 + 10 ** ((INITIAL - strengths) / SCALE))
            return chances
        case RewardKind.ELO:
            elos = expected_elo(columns, seed)[answers]
            return (elos - INITIAL) / 200 + 0.5
        case RewardKind.WINRATE:
            wins, losses, draws = columns.records()
            rates: Numbers = (wins + draws / 2 + 1) / (wins + losses + draws + 2)
            return rates[answers]
        case RewardKind.RANK:
            return _places(ranks)
        case RewardKind.BEST:
            shares: Numbers = (ranks == 1) / max(1, int((ranks == 1).sum()))
            return shares
        case _:
            assert_never(kind)


def _places(ranks: NDArray[np.int64]) -> Numbers:
    """From 1 for the first to 0 for the last; equals get the mean of the places they share."""
    better = (ranks[None, :] < ranks[:, None]).sum(axis=1)
    equal = (ranks[None, :] == ranks[:, None]).sum(axis=1) - 1
    places: Numbers = 1 - (better + equal / 2) / max(1, len(ranks) - 1)
    return places


def _fitted(values: Numbers, formula: RewardFormula) -> Numbers:
    mean, deviation = values.mean(), values.std()
    fitted = values - mean if formula.center else values
    return fitted / deviation if formula.scale and deviation > EQUAL else fitted


def _known(cells: NDArray[np.generic], met: NDArray[np.bool_]) -> list[Any]:
    return [cell if there else None for cell, there in zip(cells.tolist(), met, strict=True)]
