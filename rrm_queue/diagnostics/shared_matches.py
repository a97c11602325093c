"""The matches that two jobs share: the same prompt with the same two answers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rrm_queue.columns import FIRST, SECOND, TIE, UNNAMED, MatchesByContent, Whole

Numbers = NDArray[np.float64]

_NOWHERE = -1
"""Stands for the pair of a match that the other job does not have."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one job says of the shared pairs; a row is a pair.

    `outcomes` are FIRST for the pair's first answer, SECOND for its second, TIE for a draw.
    `shares` are the share of votes for the first answer, with one vote more for either side, so
    that five votes of five say more than one of one. `rows` are the pair's first match among the
    job's matches.
    """

    outcomes: Whole
    shares: Numbers
    rows: Whole
    votes: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    judge_seconds: float


@dataclass(frozen=True, slots=True)
class SharedMatches:
    """The pairs that both jobs judged, in the order of the first job; a row is a pair.

    A pair's first answer is the one that stands first in the first job's file. `prompts` numbers
    the prompts from 0. `first_generators` and `second_generators` are places in a list, -1 for
    none: what the first job's file says, or else what the second's says. `shared_prompts` counts
    the prompts that both jobs have judged a match of, whether or not a pair is shared.
    """

    prompts: Whole
    first_generators: Whole
    second_generators: Whole
    one: Side
    two: Side
    shared_prompts: int

    def __len__(self) -> int:
        return len(self.prompts)


def shared_matches(one: MatchesByContent, two: MatchesByContent) -> SharedMatches:
    """The pairs that both jobs judged, whatever their candidates are called or where they stand.

    A pair that met several times in a job counts once: its winner is who won more often, and its
    votes are added up. Pairs of equal texts are left out.
    """
    parts = _pair_numbers(one, two)
    mine, theirs = parts[: len(one)], parts[len(one) :]
    shared, rows, others = np.intersect1d(mine, theirs, return_indices=True)
    kept = np.argsort(rows)
    kept = kept[(one.firsts != one.seconds)[rows[kept]]]
    shared, rows, others = shared[kept], rows[kept], others[kept]
    places = np.full(int(parts.max(initial=-1)) + 1, _NOWHERE)
    places[shared] = np.arange(len(shared))
    # Whether the answer that the file has first has the greater hash: it tells a pair's sides.
    greater = (_greater(one) ^ one.turned)[rows]
    generators = _generators(one, rows, greater)
    if not len(rows) or max(int(side.max()) for side in generators) == UNNAMED:
        generators = _generators(two, others, greater)
    return SharedMatches(
        np.unique(one.prompts[rows], return_inverse=True)[1],
        *generators,
        _side(one, places[mine], greater, rows),
        _side(two, places[theirs], greater, others),
        len(np.intersect1d(one.prompts, two.prompts)),
    )


def _pair_numbers(one: MatchesByContent, two: MatchesByContent) -> Whole:
    """A number from 0 for each row of the one and then of the other: the same for a same pair."""
    keys = [
        (job.prompts, np.minimum(job.firsts, job.seconds), np.maximum(job.firsts, job.seconds))
        for job in (one, two)
    ]
    rows = np.concatenate([np.stack(key) for key in keys], axis=1)
    order = np.lexsort(rows)
    new = (np.diff(rows[:, order], axis=1, prepend=rows[:, order[:1]]) != 0).any(axis=0)
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.cumsum(new)
    return numbers


def _greater(job: MatchesByContent) -> NDArray[np.bool_]:
    """Whether the hash of a match's first answer is greater than that of its second."""
    greater: NDArray[np.bool_] = job.firsts > job.seconds
    return greater


def _generators(
    job: MatchesByContent, rows: Whole, greater: NDArray[np.bool_]
) -> tuple[Whole, Whole]:
    """The generators of the pairs' first and second answers."""
    straight = _greater(job)[rows] == greater
    ours, others = job.first_generators[rows], job.second_generators[rows]
    return np.where(straight, ours, others), np.where(straight, others, ours)


def _side(job: MatchesByContent, pairs: Whole, greater: NDArray[np.bool_], rows: Whole) -> Side:
    """What the job says of the pairs; `pairs` has the pair of each of its matches or _NOWHERE."""
    held = pairs != _NOWHERE
    pairs = pairs[held]
    straight = _greater(job)[held] == greater[pairs]

    def total(for_one: NDArray[np.generic], for_other: NDArray[np.generic]) -> Numbers:
        """The sums by pair of what is for the pair's first answer."""
        summed = np.bincount(pairs, np.where(straight, for_one, for_other), len(rows))
        return summed.astype(np.float64)

    winners = job.winners[held]
    lead = total(winners == FIRST, winners == SECOND) - total(winners == SECOND, winners == FIRST)
    ours, others, half = job.for_first[held], job.for_second[held], job.ties[held] / 2
    for_first, for_second = total(ours + half, others + half), total(others + half, ours + half)
    return Side(
        np.select((lead > 0, lead < 0), (FIRST, SECOND), TIE).astype(np.int64),
        (for_first + 1) / (for_first + for_second + 2),
        rows,
        int(job.votes[held].sum()),
        int(job.prompt_tokens[held].sum()),
        int(job.cached_tokens[held].sum()),
        int(job.completion_tokens[held].sum()),
        float(job.judge_seconds[held].sum()),
    )
