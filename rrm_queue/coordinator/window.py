"""How many matches are out at once, how jobs share them, and how many tournaments to open."""

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heapreplace

from msgspec import Struct
from msgspec.structs import replace

from rrm_queue.domain import JobId

LEAST_WINDOW = 64
"""Matches out at once while no worker is alive: the first messages for the next worker."""

MOST_OPENED = 256
"""Tournaments opened at once."""

MOST_READY = 1 << 14
"""Ready matches are counted no further than this."""

MOST_JOBS = 256
"""Jobs that get places in one turn at most: each that is small costs the turn a millisecond."""

MOST_SENT = 1024
"""Matches sent in one turn at most: their texts are in memory, and their rows locked meanwhile."""


def window(capacities: Iterable[int]) -> int:
    """How many matches of a queue may be out: about twice what its live workers can hold."""
    return 2 * sum(capacities) or LEAST_WINDOW


def free_places(places: int, out: int) -> int:
    """How many matches to send into a window of `places` of which `out` are taken.

    None before an eighth of the window is free: the workers have enough until then, and filling
    every place at once would send a message per match.
    """
    free = places - out
    return min(free, MOST_SENT) if free >= places // 8 else 0


def to_open(missing: int, opened: int, brought: int) -> int:
    """How many tournaments to open next, for `missing` more matches.

    As many as are needed if each brings as many as the `opened` before `brought`; at first one.
    """
    if not opened:
        return 1
    return min(MOST_OPENED, -(-missing * opened // max(1, brought)))


class Claim(Struct, frozen=True):
    """A job's part in a queue: what it has out, what it could send, and its weight.

    `waiting`: whether it has tournaments that can be opened, so that it could send more.
    """

    job: JobId
    out: int
    ready: int
    weight: int
    waiting: bool = False


def shares(free: int, claims: Sequence[Claim]) -> dict[JobId, int]:
    """How many of `free` places each job gets, so that what is out stands as the weights do.

    Each place goes to the job that then has least out for its weight; a job gets no more than it
    has ready, and what it leaves goes to the others.
    """
    given = {claim.job: 0 for claim in claims}
    heap = [(load(c.out, c.weight), order, c) for order, c in enumerate(claims) if c.ready > 0]
    heapify(heap)
    while free > 0 and heap:
        _, order, claim = heap[0]
        given[claim.job] += 1
        free -= 1
        has = given[claim.job]
        if has < claim.ready:
            heapreplace(heap, (load(claim.out + has, claim.weight), order, claim))
        else:
            heappop(heap)
    return given


def load(out: int, weight: int) -> float:
    """What a job has out for its weight, with one match more."""
    return (out + 1) / weight


def missing(free: int, claims: Sequence[Claim]) -> dict[JobId, int]:
    """How many more matches each job could send of its share, if it opened tournaments."""
    able = [replace(c, ready=max(c.ready, free)) if c.waiting else c for c in claims]
    wanted = shares(free, able)
    return {c.job: wanted[c.job] - c.ready for c in claims if c.waiting and wanted[c.job] > c.ready}
