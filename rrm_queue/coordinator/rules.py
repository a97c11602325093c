"""What the coordinator decides, as pure functions: window, shares, batches, and what is lost."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from heapq import heapify, heapreplace
from itertools import groupby
from typing import Protocol, TypeVar

from rrm_queue import messages
from rrm_queue.messages import Epoch, Holder, Outcomes

BATCH = 256
"""The most matches in a message: a message costs Celery far more than a match costs a batch."""

BATCH_TEXT = 8_000_000
"""The most characters in a message, unless a single match has more: what bounds Redis's memory."""

LEAST_WINDOW = 64
"""Matches out at once while no worker lives: a first message for whoever comes."""

MOST_OPENED = 256
"""Tournaments opened at once."""

GRACE = 10.0
"""Seconds that a message may take from the queue to its lease."""

FLUSHED = 1.0
"""Seconds after a batch's end in which its record may not have been seen yet."""

RENEWED = 5.0
"""Seconds within which live workers have renewed their leases in a broker that lost its data."""

ATTEMPTS = 10
"""How often a match is tried before its last error is its end.

Far more than bad luck takes, as every kill of a worker counts for all that it held; few enough for
a match that kills whoever judges it.
"""

LONGEST_BACK_OFF = 300.0
"""Seconds; the most that lies between two attempts at a match that failed."""

MOST_READY = 1 << 14
"""Ready matches are counted no further than this."""

MOST_SENT = 1024
"""Matches sent in one turn at most: their texts are in memory, and their rows locked meanwhile."""


MOST_RECORDED = 1024
"""Matches recorded in one transaction: more would spare little, and hold their rows for longer."""


def window(capacities: Iterable[int]) -> int:
    """How many matches of a queue may be out: about twice what its live workers can hold."""
    return 2 * sum(capacities) or LEAST_WINDOW


def free_places(places: int, out: int) -> int:
    """How many matches to send into a window of `places` of which `out` are taken.

    None before an eighth of the window is free: the workers have enough until then, and whoever
    fills every single place at once ends up sending a message for every single match.
    """
    free = places - out
    return min(free, MOST_SENT) if free >= places // 8 else 0


def to_open(missing: int, opened: int, brought: int) -> int:
    """How many tournaments to open next, for `missing` more matches.

    As many as it takes if they bring as much as the `opened` before them `brought`; first one.
    """
    if not opened:
        return 1
    return min(MOST_OPENED, -(-missing * opened // max(1, brought)))


def batch_size(capacities: Collection[int]) -> int:
    """The most matches in a message: half of what the smallest live worker can hold at once.

    So a worker that takes one more as it runs short does not sit on what others could do.
    """
    return min([BATCH, *(max(1, capacity // 2) for capacity in capacities)])


def together(flushes: Iterable[Outcomes]) -> list[list[Outcomes]]:
    """The flushes in groups to be recorded in one transaction each, repeats in the given order.

    A group is of one job, has each match once and MOST_RECORDED matches at most, unless a single
    flush has more.
    """
    groups: list[list[Outcomes]] = []
    last: dict[str, tuple[list[Outcomes], set[int]]] = {}
    for flush in flushes:
        matches = {report.match for report in flush.matches}
        group, known = last.get(flush.job, (None, set()))
        if group is None or known & matches or len(known) + len(matches) > MOST_RECORDED:
            group, known = last[flush.job] = ([], set())
            groups.append(group)
        group.append(flush)
        known |= matches
    return groups


@dataclass(frozen=True, slots=True)
class Claim:
    """A job's part in a queue: what it has out, what it could send, and its weight."""

    job: str
    out: int
    ready: int
    weight: int


def shares(free: int, claims: Sequence[Claim]) -> dict[str, int]:
    """How many of `free` places each job gets, so that what is out stands as the weights do.

    Each place goes to the job that has least out for its weight; a job gets no more than it has
    ready, and what it leaves goes to the others.
    """
    given = {claim.job: 0 for claim in claims}
    heap = [(c.out / c.weight, order, c) for order, c in enumerate(claims) if c.ready > 0]
    heapify(heap)
    while free > 0 and heap and heap[0][0] < float("inf"):
        _, order, claim = heap[0]
        given[claim.job] += 1
        free -= 1
        has = given[claim.job]
        load = (claim.out + has) / claim.weight if has < claim.ready else float("inf")
        heapreplace(heap, (load, order, claim))
    return given


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


class Loss(StrEnum):
    """Why a batch is given up."""

    EPOCH = "the broker lost its data"
    RETURNED = "its worker handed it back"
    ENGINE = "its engine died"
    WORKER = "its worker died"
    OUTCOMES = "its outcomes are gone"
    MESSAGE = "its message was lost"


COUNTED = {Loss.ENGINE, Loss.WORKER, Loss.OUTCOMES}
"""Losses that count as an attempt: their cause may be the batch itself."""


def back_off(attempt: int) -> float:
    """Seconds before a match is tried again whose attempt (from 1) failed.

    All attempts together last over ten minutes: as long as a judge may be away.
    """
    return min(2.0**attempt, LONGEST_BACK_OFF)


@dataclass(frozen=True, slots=True)
class OutFacts:
    """What is known of a batch that is out; times in seconds.

    `seen`: since when a lease on it has been known, None if never. `holder`: who holds it now.
    `unrecorded`: outcomes of it wait to be recorded.
    """

    batch: int
    epoch: str
    age: float
    seen: float | None
    holder: Holder | None
    unrecorded: bool = False


@dataclass(frozen=True, slots=True)
class BrokerFacts:
    """What is known of the broker: its epoch, and whether workers could renew their leases.

    `settled` is False for a while after the broker or this coordinator was away.
    """

    epoch: Epoch
    settled: bool


def losses(facts: Sequence[OutFacts], broker: BrokerFacts, *, waiting: int) -> Mapping[int, Loss]:
    """Those of a queue's out batches that nobody runs and nobody will.

    `facts` in the order the batches were sent, `waiting` the messages that were in the queue
    before the holders were asked for. A batch whose worker lives is never among them.
    """
    taken = [fact.batch for fact in facts if fact.seen is not None and fact.seen > GRACE]
    overtaken = max(taken, default=-1)
    found = {}
    for fact in facts:
        loss = _loss(fact, broker, nobody_waits=waiting == 0, overtaken=overtaken)
        if loss is not None:
            found[fact.batch] = loss
    return found


def _loss(
    fact: OutFacts, broker: BrokerFacts, *, nobody_waits: bool, overtaken: int
) -> Loss | None:
    if fact.unrecorded:
        return None  # what is paid for comes first; what is left out then is looked at again
    if fact.holder is not None:
        return _ended(fact.holder)
    if fact.epoch != broker.epoch.word:
        return Loss.EPOCH if broker.epoch.age > RENEWED else None
    if fact.seen is not None:
        return Loss.WORKER if broker.settled else None
    if fact.age > GRACE and (nobody_waits or fact.batch < overtaken):
        return Loss.MESSAGE
    return None


def _ended(holder: Holder) -> Loss | None:
    """What a mark in the lease's place means for a batch that is not recorded to its end."""
    loss = _MARKED.get(holder.name)
    return loss if holder.since > FLUSHED else None


_MARKED = {
    messages.RETURNED: Loss.RETURNED,
    messages.BROKEN: Loss.ENGINE,
    messages.OVER: Loss.OUTCOMES,
}
