"""Outcomes that a stranger puts straight into the inbox: none of them may count.

The stranger is a strong one: it has read the store, and knows the batches' tokens.
"""

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Protocol, cast

from msgspec import structs
from redis import Redis

from rrm_queue.broker.inbox import Inbox
from rrm_queue.domain import Verdict, Vote
from rrm_queue.messages import MatchReport, Outcomes
from rrm_queue.store.connection import Connection, text

_STRANGER = "stranger"
_UNKNOWN = 2**31 - 1  # no batch of this run
_NUMBERS = (-3, 0, 7, 1000)

OUT = text("SELECT id, job_id, token, matches FROM batches WHERE state = 'out' ORDER BY id")


class Batch(Protocol):
    """A running batch, as the store has it."""

    id: int
    job_id: str
    token: str
    matches: Sequence[int]


def forge(store: Connection, broker: Redis) -> int:
    """Puts a flush of each kind that the running batches allow into the inbox; how many."""
    flushes = list(forged(cast("Sequence[Batch]", store.execute(OUT).all())))
    inbox = Inbox(broker)
    for number, flush in enumerate(flushes):
        inbox.put(structs.replace(flush, worker=f"{_STRANGER}-{number}"))
    return len(flushes)


def forged(batches: Sequence[Batch]) -> Iterator[Outcomes]:
    """A flush of each kind; those of two batches only where there are such.

    A match that was handed back and sent again is in both batches while the first still runs. What
    the first says about it counts, so a stranger with its token would be believed: no such flush.
    """
    votes = [Vote(number, Verdict.FIRST, number % 2 == 0) for number in (1, 2, 3)]
    for batch in batches[:1]:
        own = list(batch.matches)
        yield _flush(batch, own, votes, token="")
        yield _flush(batch, own, votes, token="0" * 32)
        yield _flush(batch, own[:1], [Vote(n, Verdict.FIRST, n % 2 == 0) for n in _NUMBERS])
        yield _flush(batch, own[-1:], [Vote(n, Verdict.FIRST, n % 2 == 1) for n in (1, 2, 3)])
        yield Outcomes(_UNKNOWN, batch.job_id, _STRANGER, _reports(own, votes), batch.token)
    for same_job in (True, False):
        for batch, other in permutations(batches, 2):
            foreign = [match for match in other.matches if match not in batch.matches]
            if foreign and (batch.job_id == other.job_id) is same_job:
                yield _flush(batch, foreign, votes)
                if not same_job:  # the other's batch and token, under this job's name
                    reports = _reports(foreign, votes)
                    yield Outcomes(other.id, batch.job_id, _STRANGER, reports, other.token)
                break


def _flush(
    batch: Batch, matches: Sequence[int], votes: list[Vote], token: str | None = None
) -> Outcomes:
    secret = batch.token if token is None else token
    return Outcomes(batch.id, batch.job_id, _STRANGER, _reports(matches, votes), secret)


def _reports(matches: Sequence[int], votes: list[Vote]) -> list[MatchReport]:
    return [MatchReport(match, votes) for match in matches]
