"""A judge's agreement with the labels of its job's pairs, by subset."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from rrm_queue.columns import NONE, Verdicts, Votes
from rrm_queue.diagnostics.kappa import Kappa
from rrm_queue.diagnostics.labels import (
    Accuracy,
    Agreement,
    Scoring,
    VotingAccuracy,
    accuracy,
    agreement,
    label_kappa,
    majority,
    voting_accuracy,
)

EVERYTHING = "all"
"""What the report calls all pairs together."""


@dataclass(frozen=True, slots=True)
class LabelReport:
    """Agreement with the labels of `pairs` labelled pairs of one subset.

    `accuracy` and `kappa` are of the majorities of all votes, `voting` of those of the first few.
    `orders` compares the first vote of either order, over the pairs that have one in both; None
    without any.
    """

    subset: str
    pairs: int
    accuracy: Accuracy
    kappa: Kappa
    voting: tuple[VotingAccuracy, ...]
    orders: Agreement | None


def label_report(
    labels: Verdicts,
    votes: Votes,
    parts: NDArray[np.int64],
    subsets: Sequence[str],
    most: int,
    scoring: Scoring,
) -> list[LabelReport]:
    """The agreement over all pairs, then by subset where there are several.

    A row is a pair: its label, and the place of its subset in `subsets`, -1 for none.
    `votes.matches` are rows, `votes.swapped` by the pair's own order; `most` votes were cast on a
    pair at most.
    """
    everything = np.ones(len(labels), np.bool_)
    wanted = [(EVERYTHING, everything)]
    if len(np.unique(parts)) > 1:
        wanted += [(name, parts == place) for place, name in enumerate(subsets)]
        wanted += [("(none)", parts == -1)] if (parts == -1).any() else []
    return [_report(name, rows, labels, votes, most, scoring) for name, rows in wanted]


def _report(
    name: str,
    rows: NDArray[np.bool_],
    labels: Verdicts,
    votes: Votes,
    most: int,
    scoring: Scoring,
) -> LabelReport:
    """The report over these rows alone."""
    places = np.cumsum(rows) - 1
    held = votes.where(rows[votes.matches])
    held = replace(held, matches=places[held.matches])
    counted = labels[rows]
    decided = majority(held, len(counted))
    return LabelReport(
        name,
        len(counted),
        accuracy(counted, decided, scoring),
        label_kappa(counted, decided, scoring),
        tuple(voting_accuracy(counted, held, series(most), scoring)) if most > 1 else (),
        _orders(name, counted, held, scoring),
    )


def series(most: int) -> list[int]:
    """The numbers of votes that a report shows: 1, 3, 5, 9, 17 and so on, and the most."""
    doubling = [1, *(2**power + 1 for power in range(1, most.bit_length()))]
    return sorted({*(k for k in doubling if k < most), most})


def _orders(name: str, labels: Verdicts, votes: Votes, scoring: Scoring) -> Agreement | None:
    straight, swapped = (_first(votes, turned, len(labels)) for turned in (False, True))
    both = straight.cast & swapped.cast
    if not both.any():
        return None
    [held] = agreement(
        labels[both],
        straight.verdicts[both],
        swapped.verdicts[both],
        [name] * int(both.sum()),
        scoring,
    )
    return held


@dataclass(frozen=True, slots=True)
class _FirstVotes:
    """The first vote of one order on each pair: its verdict, and whether there is one at all."""

    verdicts: Verdicts
    cast: NDArray[np.bool_]


def _first(votes: Votes, swapped: bool, pairs: int) -> _FirstVotes:
    held = votes.where(votes.swapped == swapped).first(1)
    verdicts = np.full(pairs, NONE, np.int8)
    verdicts[held.matches] = held.winners()
    cast = np.zeros(pairs, np.bool_)
    cast[held.matches] = True
    return _FirstVotes(verdicts, cast)
