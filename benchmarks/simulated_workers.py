"""One process that plays many workers, each with its own presence, places and leases.

`python simulated_workers.py URL QUEUE --places 64 --count 999 --places 2 --count 1 --seconds 0`

The workers share the queue as real ones do: one that has room takes a message, holds it under its
lease, and sends each batch's outcomes `--seconds` later. They judge nothing: every vote is for the
answer shown first.
"""

import argparse
import json
import time
from base64 import b64decode
from collections import deque
from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import count

import msgspec
from msgspec import structs
from redis import Redis
from rrm_worker.held_batches import ref, split

from rrm_queue.broker.client import redis_client
from rrm_queue.broker.inbox import Inbox
from rrm_queue.broker.leases import RENEW_SECONDS, WorkerLeases
from rrm_queue.domain import BatchId, JobId, Verdict, Vote
from rrm_queue.domain.queues import online_queue
from rrm_queue.judging.voting import wave
from rrm_queue.messages import BatchMatch, JudgeBatch, MatchReport, decode_batches

IDLE = 0.005
"""Seconds between two looks at an empty queue."""


class SimulatedWorker:
    """A worker's places and leases."""

    def __init__(self, client: Redis, name: str, queue: str, places: int) -> None:
        self.leases = WorkerLeases(client, name)
        self.queue, self.places = queue, places
        self.held: dict[tuple[JobId, BatchId], int] = {}

    @property
    def has_room(self) -> bool:
        """Whether it takes another message, as a real worker decides it."""
        return sum(self.held.values()) < self.places

    def announce(self) -> None:
        """Renews its presence and its leases."""
        self.leases.announce({online_queue(self.queue): self.places, self.queue: self.places})
        self.leases.renew(self.held)

    def take(self, message: Sequence[JudgeBatch], inbox: Inbox) -> list[JudgeBatch]:
        """What it holds now of a message's batches; what it has no room for is returned."""
        lost = self.leases.renew([ref(batch) for batch in message])
        ours = [batch for batch in message if ref(batch) not in lost]
        room = max(1, self.places // 2, self.places - sum(self.held.values()))
        kept = split([len(batch.matches) for batch in ours], room)
        for batch, keep in zip(ours, kept, strict=True):
            if returned := [MatchReport(match.match, []) for match in batch.matches[keep:]]:
                inbox.put(batch.outcomes(self.leases.worker, returned))
            self.held[ref(batch)] = keep
        return [
            structs.replace(batch, matches=batch.matches[:keep])
            for batch, keep in zip(ours, kept, strict=True)
        ]

    def finish(self, message: Sequence[JudgeBatch], inbox: Inbox) -> None:
        """Sends the batches' outcomes and ends their leases."""
        for batch in message:
            if batch.matches:
                reports = [report(match, batch) for match in batch.matches]
                inbox.put(batch.outcomes(self.leases.worker, reports))
            del self.held[ref(batch)]
        self.leases.finish(map(ref, message))


def report(match: BatchMatch, batch: JudgeBatch) -> MatchReport:
    """Votes for the answer shown first, until the match is decided."""
    votes: list[Vote] = []
    while numbers := wave([*match.votes, *votes], batch.voting):
        votes += [
            Vote(number, Verdict.FIRST, swapped=number % 2 == 0, model="nobody")
            for number in numbers
        ]
    return MatchReport(match.match, votes)


def batches(message: str) -> list[JudgeBatch]:
    """What a message of Celery's carries."""
    body = msgspec.msgpack.decode(b64decode(json.loads(message)["body"]))
    return decode_batches(body[0][0])


class Player:
    """Plays all workers of a fleet, one step after another."""

    def __init__(self, url: str, queue: str, places: Sequence[int], seconds: float) -> None:
        self._client = client = redis_client(url)
        self._inbox = Inbox(client)
        self._queue, self._seconds = queue, seconds
        self._fleet = [
            SimulatedWorker(client, f"simulated:{number}", queue, most)
            for number, most in enumerate(places)
        ]
        self._free = deque(self._fleet)
        self._due: list[tuple[float, int, SimulatedWorker, list[JudgeBatch]]] = []
        self._order = count()

    def announce(self) -> None:
        """Renews every presence and lease."""
        for worker in self._fleet:
            worker.announce()

    def finish(self) -> None:
        """Sends the outcomes that are due."""
        while self._due and self._due[0][0] <= time.monotonic():
            _, _, worker, message = heappop(self._due)
            worker.finish(message, self._inbox)
            if worker.has_room and worker not in self._free:
                self._free.append(worker)

    def take(self) -> bool:
        """Lets the next worker that has room take a message; whether there was one."""
        message = self._client.rpop(self._queue) if self._free else None
        if not isinstance(message, str):
            return False
        worker = self._free.popleft()
        if ours := worker.take(batches(message), self._inbox):
            due = time.monotonic() + self._seconds
            heappush(self._due, (due, next(self._order), worker, ours))
        if worker.has_room:
            self._free.append(worker)
        return True


def main() -> None:
    """Plays until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("queue")
    parser.add_argument("--places", type=int, action="append", required=True)
    parser.add_argument("--count", type=int, action="append", required=True)
    parser.add_argument("--seconds", type=float, default=0.0)
    given = parser.parse_args()
    places = [p for p, n in zip(given.places, given.count, strict=True) for _ in range(n)]
    player, renew_at = Player(given.url, given.queue, places, given.seconds), 0.0
    while True:
        if time.monotonic() >= renew_at:
            renew_at = time.monotonic() + RENEW_SECONDS
            player.announce()
        player.finish()
        if not player.take():
            time.sleep(IDLE)


if __name__ == "__main__":
    main()
