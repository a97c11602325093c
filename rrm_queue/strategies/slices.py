"""Slices: how a strategy that plans by counting hands out any number of matches."""

from collections.abc import Callable

from rrm_queue.domain import Pairing
from rrm_queue.strategies.base import Finished, History, Pairings

SLICE = 1024
"""The most matches that are planned and undecided at once.

Two million matches must never be inserted or held at once. This many are one cheap insert, and
give several batches of 64 to each worker that one tournament can use.
"""


def in_slices(
    history: History, total: int, scheduled: Callable[[int], Pairing]
) -> Pairings | Finished:
    """The next slice of a schedule of `total` matches, or the end, which the ratings rank.

    `scheduled` gives the match at an index from 0.
    """
    if history.decided >= total:
        return Finished(places=None)
    return Pairings(tuple(scheduled(index) for index in next_slice(history, total)))


def next_slice(history: History, total: int) -> range:
    """The indices to plan now: none until half of the last slice is decided."""
    if history.planned - history.decided > SLICE // 2:
        return range(0)
    return range(history.planned, min(total, history.decided + SLICE))
