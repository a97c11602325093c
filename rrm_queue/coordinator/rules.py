"""What the coordinator decides, as pure functions: window, shares, batches, and what is lost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from heapq import heapify, heapreplace
from itertools import groupby
from typing import Protocol, TypeVar

from rrm_queue.domain import BROKEN, OVER, RETURNED

BATCH = 64
"""The most matches in a message: a message costs Celery far more than a match costs a batch."""

LEAST_WINDOW = 512
"""Matches out at once while few workers live: enough that none waits for the coordinator."""

GRACE = 10.0
"""Seconds that a message may take from the queue to its lease, or an outcome to its record."""

OVER_GRACE = 60.0
"""Seconds after which outcomes that an ended batch has sent must have arrived."""


def window(capacities: Iterable[int]) -> int:
    """How many matches of a queue may be out: about twice what its live workers can hold."""
    return max(LEAST_WINDOW, 2 * sum(capacities))


def free_places(places: int, out: int) -> int:
    """How many matches to send into a window of `places` of which `out` are taken.

    None before an eighth of the window is free: the workers have enough until then, and whoever
    fills every single place at once ends up sending a message for every single match.
    """
    free = places - out
    return free if free >= places // 8 else 0


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


def batches(matches: Iterable[ClaimedMatch]) -> list[list[ClaimedMatch]]:
    """The matches in messages: each of one tournament, at most BATCH matches.

    Matches that share their slot-1 answer share the longest prefix of their prompts, so they stand
    together, and a group is split only when it alone is larger than a message.
    """
    formed: list[list[ClaimedMatch]] = []
    in_order = sorted(matches, key=lambda match: (match.tournament, match.first))
    for _, of_tournament in groupby(in_order, key=lambda match: match.tournament):
        batch: list[ClaimedMatch] = []
        for _, group in groupby(of_tournament, key=lambda match: match.first):
            for part in _parts(list(group)):
                if len(batch) + len(part) > BATCH:
                    formed.append(batch)
                    batch = []
                batch += part
        formed.append(batch)
    return formed


def _parts(group: list[ClaimedMatch]) -> list[list[ClaimedMatch]]:
    return [group[start : start + BATCH] for start in range(0, len(group), BATCH)]


class Loss(StrEnum):
    """Why a batch is given up."""

    EPOCH = "the broker lost its data"
    RETURNED = "its worker handed it back"
    ENGINE = "its engine died"
    WORKER = "its worker died"
    OUTCOMES = "its outcomes never arrived"
    MESSAGE = "its message was lost"


@dataclass(frozen=True, slots=True)
class OutFacts:
    """What is known of a batch that is out; times in seconds.

    `held`: since when a lease on it has been known, None if never. `holder`: who holds it now.
    """

    batch: int
    epoch: str
    age: float
    held: float | None
    holder: str | None


def losses(facts: Sequence[OutFacts], *, epoch: str, waiting: int) -> Mapping[int, Loss]:
    """Those of a queue's out batches that nobody runs and nobody will.

    `facts` in the order the batches were sent, `waiting` the messages still in the queue. A batch
    whose worker lives is never among them.
    """
    taken = [fact.batch for fact in facts if fact.held is not None and fact.held > GRACE]
    overtaken = max(taken, default=-1)
    found = {}
    for fact in facts:
        loss = _loss(fact, epoch, nobody_waits=waiting == 0, overtaken=overtaken)
        if loss is not None:
            found[fact.batch] = loss
    return found


def _loss(fact: OutFacts, epoch: str, *, nobody_waits: bool, overtaken: int) -> Loss | None:
    if fact.epoch != epoch:
        return Loss.EPOCH
    if fact.holder == RETURNED:
        return Loss.RETURNED
    if fact.holder == BROKEN:
        return Loss.ENGINE
    if fact.holder == OVER:
        return Loss.OUTCOMES if fact.held is not None and fact.held > OVER_GRACE else None
    if fact.holder is not None:
        return None
    if fact.held is not None:
        return Loss.WORKER
    if fact.age > GRACE and (nobody_waits or fact.batch < overtaken):
        return Loss.MESSAGE
    return None
