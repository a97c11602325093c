"""How many bytes of messages may be out of a queue: they bound the broker's memory."""

from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import accumulate
from typing import NamedTuple

from rrm_queue.domain import TournamentId
from rrm_queue.messages import JudgeBatch
from rrm_queue.store.queue.dispatching import CandidateRef, ReadyMatch

MOST_BYTES = 2**30
"""Bytes of messages out of a queue at most. A hundred workers with 64 votes in flight each, and
answers of 16 KB that no two matches share, need half of it.
"""

MEMORY_SHARE = 3
"""Messages take at most one part in so many of a broker's `maxmemory`. In the broker each takes
4/3 of its bytes, as Celery writes it in Base64; outcomes need memory too.
"""

ONLINE_SHARE = 2
"""Online jobs may have one part in so many of these bytes out, beside those of other jobs."""


def budget(maxmemory: int) -> int:
    """How many bytes may be out of a queue of a broker with this limit; 0 stands for no limit."""
    return min(MOST_BYTES, maxmemory // MEMORY_SHARE) if maxmemory else MOST_BYTES


def free_bytes(most: int, out: int) -> int:
    """How many bytes to send beside those that are out; none before an eighth is free."""
    free = most - out
    return free if free >= most // 8 else 0


class TextBytes(NamedTuple):
    """The bytes of what tournaments say themselves, and of their answers."""

    tournaments: Mapping[TournamentId, int]
    answers: Mapping[CandidateRef, int]


def fitting_matches(
    matches: Sequence[ReadyMatch], sizes: TextBytes, room: int, *, alone: bool
) -> list[ReadyMatch]:
    """The first matches whose texts have at most `room` bytes, each text counted once.

    With `alone` the first match is among them, whatever its size.
    """
    added = _added(matches, sizes)
    return list(matches[: _fitting(added, room, alone)])


def text_size(matches: Sequence[ReadyMatch], sizes: TextBytes) -> int:
    """The bytes of the matches' texts, each text counted once."""
    return sum(_added(matches, sizes))


def fitting_batches(
    batches: Iterable[tuple[JudgeBatch, int]], room: int, alone: Set[str]
) -> list[tuple[JudgeBatch, int]]:
    """The batches, each with its bytes, that have at most `room` bytes together.

    While there is room, the first batch of a job that is `alone` is among them, whatever its size.
    """
    fitting: list[tuple[JudgeBatch, int]] = []
    left, begun = room, set[str]()
    for batch, size in batches:
        if size <= left or (left > 0 and batch.job in alone - begun):
            fitting.append((batch, size))
            begun.add(batch.job)
            left -= size
    return fitting


def _added(matches: Iterable[ReadyMatch], sizes: TextBytes) -> Iterable[int]:
    """The bytes that each match adds to those before it."""
    known: set[object] = set()
    for match in matches:
        new = {(match.tournament, match.first), (match.tournament, match.second)} - known
        added = sum(sizes.answers[answer] for answer in new)
        if match.tournament not in known:
            added += sizes.tournaments[match.tournament]
        known |= {match.tournament, *new}
        yield added


def _fitting(sizes: Iterable[int], room: int, alone: bool) -> int:
    fitting = 0
    for total in accumulate(sizes):
        if total > room and not (alone and fitting == 0):
            break
        fitting += 1
    return fitting
