"""Leases and the roll of workers, in Redis beside the queues.

A batch's lease says who runs it: the worker renews it while it lives, so that a dead worker's
batches are known by their leases' absence. A batch that is over keeps a mark in the lease's place
for a while, so that a repeated message of it is dropped unread.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from redis import Redis

from rrm_queue.domain import OVER, BatchId, JobId

LEASE_SECONDS = 15
"""How long a lease outlives its worker's last sign of life."""

RENEW_SECONDS = 4
"""How often a worker shows that it lives: often enough to miss one turn without losing a lease."""

MARK_SECONDS = 2 * 3600
"""How long an ended batch is remembered: longer than Celery takes to redeliver a message."""

Held = tuple[JobId, BatchId]


def lease_key(job: str, batch: int) -> str:
    """Where the batch's lease stands; ids of jobs are never used twice, those of batches may be."""
    return f"rrmq:lease:{job}:{batch}"


def roll_key(queue: str) -> str:
    """Where the workers of a queue stand, by the moment of their last sign of life."""
    return f"rrmq:workers:{queue}"


def capacity_key(queue: str) -> str:
    """Where the capacities of a queue's workers stand."""
    return f"rrmq:capacity:{queue}"


def cancelled_key(job: str) -> str:
    """Where it stands that a job was cancelled."""
    return f"rrmq:cancelled:{job}"


@dataclass(frozen=True, slots=True)
class WorkerLeases:
    """A worker's side: `worker` is its id, unique to the process."""

    client: Redis
    worker: str

    def take(self, job: str, batch: int) -> bool:
        """Whether the batch is now ours: False when another worker has it or it is over."""
        key = lease_key(job, batch)
        return bool(self.client.set(key, self.worker, nx=True, ex=LEASE_SECONDS))

    def renew(self, held: Iterable[Held]) -> None:
        """Shows that we live and still hold these."""
        with self.client.pipeline(transaction=False) as pipe:
            for job, batch in held:
                pipe.set(lease_key(job, batch), self.worker, ex=LEASE_SECONDS)
            pipe.execute()

    def finish(self, job: str, batch: int) -> None:
        """Marks the batch as over: every outcome of it is on its way."""
        self.client.set(lease_key(job, batch), OVER, ex=MARK_SECONDS)

    def release(self, job: str, batch: int) -> None:
        """Hands the batch back: it is known at once that nobody runs it."""
        self.client.delete(lease_key(job, batch))

    def cancelled(self, jobs: Iterable[str]) -> set[str]:
        """Those of `jobs` that were cancelled."""
        wanted = sorted(set(jobs))
        if not wanted:
            return set()
        marks = self.client.mget([cancelled_key(job) for job in wanted])
        return {job for job, mark in zip(wanted, marks, strict=True) if mark is not None}

    def enlist(self, capacities: Mapping[str, int]) -> None:
        """Stands on the roll of each queue, with the matches that we can hold at once."""
        seconds, _ = self.client.time()
        with self.client.pipeline(transaction=False) as pipe:
            for queue, capacity in capacities.items():
                pipe.zadd(roll_key(queue), {self.worker: seconds})
                pipe.hset(capacity_key(queue), self.worker, str(capacity))
            pipe.execute()

    def retire(self, queues: Iterable[str]) -> None:
        """Leaves the roll."""
        with self.client.pipeline(transaction=False) as pipe:
            for queue in queues:
                pipe.zrem(roll_key(queue), self.worker)
                pipe.hdel(capacity_key(queue), self.worker)
            pipe.execute()
