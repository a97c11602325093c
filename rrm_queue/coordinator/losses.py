"""Which batches are lost, and what a loss or a failure costs a match."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rrm_queue import messages
from rrm_queue.messages import Epoch, Holder

GRACE = 10.0
"""Seconds that a message may take from the queue to its lease."""

FLUSHED = 1.0
"""Seconds after a batch's end in which its record may not have been seen yet."""

RENEWED = 3.0
"""Seconds within which live workers renew their leases after the broker lost its data."""

RECONNECTED = 7.0
"""The same where the broker was away meanwhile: workers may first have to connect again."""

ATTEMPTS = 10
"""How often a match is tried before it fails with its last error.

Many, as the death of a worker counts for every match that it held. Few enough for a match that
breaks each engine that judges it.
"""

LONGEST_BACK_OFF = 300.0
"""Seconds; the longest wait between two attempts at a match that failed."""

LONGEST_JUDGE_WAIT = 86_400.0
"""Seconds; the most that a match waits because its judge asked to, such as until a daily limit."""


class Loss(StrEnum):
    """Why a batch is given up."""

    EPOCH = "the broker lost its data"
    RETURNED = "its worker returned it"
    ENGINE = "its engine died"
    WORKER = "its worker died"
    OUTCOMES = "its outcomes are gone"
    MESSAGE = "its message was lost"


COUNTED = {Loss.ENGINE, Loss.WORKER, Loss.OUTCOMES}
"""Losses that count as an attempt: their cause may be the batch itself."""

WAITING = {Loss.OUTCOMES}
"""Losses after which a match waits as after a failure: what ate its outcomes may eat them again."""


def back_off(attempt: int) -> float:
    """Seconds before a match is tried again whose attempt (from 1) failed.

    All attempts together last over ten minutes: a judge may be away for that long.
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
    """The batches of a queue that are out, and that no worker runs or will run.

    `facts` in the order the batches were sent, `waiting` the messages that were in the queue
    before the holders were asked for. A batch whose worker lives is never among them.
    """
    taken = [fact.batch for fact in facts if fact.seen is not None and fact.seen > GRACE]
    overtaken = max(taken, default=-1)
    found = {}
    for fact in facts:
        loss = _loss(fact, broker, queue_empty=waiting == 0, overtaken=overtaken)
        if loss is not None:
            found[fact.batch] = loss
    return found


def _loss(fact: OutFacts, broker: BrokerFacts, *, queue_empty: bool, overtaken: int) -> Loss | None:
    if fact.unrecorded:
        return None  # its outcomes are recorded first; the next look decides about the rest
    if fact.holder is not None:
        return _ended(fact.holder)
    if fact.epoch != broker.epoch.word:
        renewed = RENEWED if broker.settled else RECONNECTED
        return Loss.EPOCH if broker.epoch.age > renewed else None
    if fact.seen is not None:
        return Loss.WORKER if broker.settled else None
    if fact.age > GRACE and (queue_empty or fact.batch < overtaken):
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
    messages.ENDED: Loss.WORKER,
}
