"""Which matches share a message, and which flushes a transaction."""

from collections.abc import Callable, Collection, Iterable
from itertools import groupby
from typing import Protocol, TypeVar

from rrm_queue.domain.queues import is_online
from rrm_queue.messages import JudgeBatch, Outcomes, SharedMessage
from rrm_queue.strategies import plans_in_order

BATCH = 256
"""The most matches in a message: Celery spends far more on a message than a match costs."""

BATCH_TEXT = 8_000_000
"""The most characters in a message, unless a single match has more: it bounds Redis's memory."""

MOST_RECORDED = 1024
"""Matches recorded in one transaction: more would spare little, and hold their rows for longer."""


SMALL_SHARE = 16
"""Workers that have one part in so many of all places do not make messages small."""


LINGER = 0.2
"""Seconds that outcomes may wait for others where no other match depends on them.

A transaction for each costs far more than sharing one. A worker that is killed loses what waits.
"""


def linger(strategy: str, priority: int) -> float:
    """How long the outcomes of a job may wait for others before they are sent and recorded.

    Not at all where their tournaments plan by them, or somebody waits for a group's rewards.
    """
    return LINGER if plans_in_order(strategy) and not is_online(priority) else 0.0


def batch_size(capacities: Collection[int], *, splitting: bool = False) -> int:
    """The most matches in a message: half of what the smallest live worker can hold at once.

    So a worker that takes one more when it runs short does not hold work that others could do.
    Workers that are `splitting` return what they have no room for: of these the smallest that
    together have hardly any of the places do not count.
    """
    counting = sorted(capacities)
    spare = sum(counting) // SMALL_SHARE if splitting else 0
    while counting and (spare := spare - counting[0]) >= 0:
        del counting[0]
    return min([BATCH, *(max(1, capacity // 2) for capacity in counting)])


def shared(
    batches: Iterable[JudgeBatch], sizes: Iterable[int], most: int
) -> list[JudgeBatch | SharedMessage]:
    """Batches of jobs with one judge in messages of at most `most` matches and BATCH_TEXT bytes.

    `sizes` are the batches' bytes. A batch that has a message of its own is sent as it is.
    """
    messages: list[list[JudgeBatch]] = []
    matches = text = 0
    for batch, size in zip(batches, sizes, strict=True):
        matches, text = matches + len(batch.matches), text + size
        if messages and matches <= most and text <= BATCH_TEXT:
            messages[-1].append(batch)
        else:
            messages.append([batch])
            matches, text = len(batch.matches), size
    return [group[0] if len(group) == 1 else SharedMessage(group) for group in messages]


class Claimed(Protocol):
    """A claimed match, as far as batches depend on it."""

    @property
    def tournament(self) -> int:
        """The tournament that it belongs to."""

    @property
    def first(self) -> int:
        """The candidate that stands in slot 1."""


ClaimedMatch = TypeVar("ClaimedMatch", bound=Claimed)


def batches(
    matches: Iterable[ClaimedMatch], size: Callable[[ClaimedMatch], int], most: int = BATCH
) -> list[list[ClaimedMatch]]:
    """The matches in messages of at most `most` matches and BATCH_TEXT characters.

    `size` is a match's text in characters. Matches that share their slot-1 answer share the longest
    prefix of their prompts, so they stand together, and a group is split only when it alone is
    larger than a message. Tournaments follow each other: those of few matches share a message.
    """
    in_order = sorted(matches, key=lambda match: (match.tournament, match.first))
    groups = groupby(in_order, key=lambda match: (match.tournament, match.first))
    parts = [part for _, group in groups for part in _packed([[m] for m in group], size, most)]
    return _packed(parts, size, most)


def _packed(
    parts: Iterable[list[ClaimedMatch]], size: Callable[[ClaimedMatch], int], most: int
) -> list[list[ClaimedMatch]]:
    """The parts one after another, joined as long as they fit a message."""
    packed: list[list[ClaimedMatch]] = []
    text = 0
    for part in parts:
        more = sum(map(size, part))
        if packed and len(packed[-1]) + len(part) <= most and text + more <= BATCH_TEXT:
            packed[-1] += part
            text += more
        else:
            packed.append(list(part))
            text = more
    return packed


def together(flushes: Iterable[Outcomes]) -> list[list[Outcomes]]:
    """The flushes in groups to be recorded in one transaction each, repeats in the given order.

    A group has each match once and MOST_RECORDED matches at most, unless a single flush has more.
    It may be of many jobs.
    """
    groups: list[list[Outcomes]] = []
    known: set[int] = set()
    for flush in flushes:
        matches = {report.match for report in flush.matches}
        if not groups or known & matches or len(known) + len(matches) > MOST_RECORDED:
            groups.append([])
            known = set()
        groups[-1].append(flush)
        known |= matches
    return groups


def by_job(group: Iterable[Outcomes]) -> list[list[Outcomes]]:
    """The flushes of a group, those of each job apart."""
    in_order = sorted(group, key=lambda flush: flush.job)
    return [list(flushes) for _, flushes in groupby(in_order, key=lambda flush: flush.job)]
