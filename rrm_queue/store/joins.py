"""Joins of columns that the store has read: their cost does not depend on a query plan.

Postgres plans a join by statistics, and a job that was just submitted has none. A plan that takes a
tournament for small compares each of its matches with each of its candidates.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Keys = Sequence[Rows]
"""Columns of whole numbers, the same in number on both sides: rows join where all are equal."""


def join(left: Keys, right: Keys) -> tuple[Rows, Rows]:
    """The places of the rows that join, on the left and on the right, in the order of the left.

    A row without a partner is left out; one with several comes as often. It takes the time of a few
    sorts.
    """
    ours, theirs = _numbered(left, right)
    order = np.argsort(theirs, kind="stable")
    begins = np.searchsorted(theirs[order], ours, "left")
    counts = np.searchsorted(theirs[order], ours, "right") - begins
    before = np.cumsum(counts) - counts
    within = np.arange(int(counts.sum())) - np.repeat(before, counts)
    return np.repeat(np.arange(len(ours)), counts), order[np.repeat(begins, counts) + within]


def join_candidates(
    tournaments: Rows, firsts: Rows, seconds: Rows, candidates: Keys
) -> tuple[Rows, Rows, Rows]:
    """Each match's two candidates: the places of the matches, of their first, of their second.

    `candidates` are columns of tournaments and numbers. A match without them is left out: its job
    was deleted meanwhile.
    """
    with_first, ones = join((tournaments, firsts), candidates)
    rows, others = join((tournaments[with_first], seconds[with_first]), candidates)
    return with_first[rows], ones[rows], others


def _numbered(left: Keys, right: Keys) -> tuple[Rows, Rows]:
    """One number for each combination of keys, the same on both sides."""
    size = len(left[0])
    numbers = np.zeros(size + len(right[0]), np.int64)
    for one, other in zip(left, right, strict=True):
        values, places = np.unique(np.concatenate((one, other)), return_inverse=True)
        # Numbered anew after each key, so that a product of two never overflows.
        numbers = np.unique(numbers * len(values) + places, return_inverse=True)[1]
    return numbers[:size], numbers[size:]
