"""Leases and the roll of workers, in Redis beside the queues.

A batch's lease says who runs it: the worker renews it while it lives, so that a dead worker's
batches are known by their leases' absence. A batch that is over keeps a mark in the lease's place
for a while, so that a repeated message of it is dropped unread.
"""

import os
import socket
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from secrets import token_hex

from redis import Redis

from rrm_queue.domain import BatchId, BatchRef, JobId
from rrm_queue.messages import BROKEN, OVER, RETURNED

LEASE_SECONDS = 15
"""How long a lease outlives its worker's last sign of life."""

RENEW_SECONDS = 4
"""How often a worker shows that it lives: often enough to miss one turn without losing a lease."""

MARK_SECONDS = 2 * 3600
"""How long an ended batch is remembered: longer than Celery takes to redeliver a message."""

EPOCH_KEY = "rrmq:epoch"
"""Where the broker's epoch stands; see `BrokerClient.epoch`."""

STOP_SECONDS = 10
"""How long workers are told to stop a job; the coordinator says it again while batches are out.

Short, so that a word said too late does not keep a resumed job from running.
"""

# Takes what nobody holds and renews what we hold, so that a lease that lapsed unseen goes on and a
# batch that was given up meanwhile is known to be lost.
_CLAIM = """
local ours = {}
for place, key in ipairs(KEYS) do
  local holder = redis.call("GET", key)
  if not holder or holder == ARGV[1] then
    redis.call("SET", key, ARGV[1], "EX", ARGV[2])
    ours[place] = 1
  else
    ours[place] = 0
  end
end
return ours
"""

_RELEASE = """
if redis.call("GET", KEYS[1]) == ARGV[1] then
  redis.call("SET", KEYS[1], ARGV[2], "EX", ARGV[3])
end
"""


def lease_key(job: str, batch: int) -> str:
    """Where the batch's lease stands; ids of jobs are never used twice, those of batches may be."""
    return f"rrmq:lease:{job}:{batch}"


def workers_key(queue: str) -> str:
    """Where the workers of a queue stand, by the moment of their last sign of life."""
    return f"rrmq:workers:{queue}"


def capacity_key(queue: str) -> str:
    """Where the capacities of a queue's workers stand."""
    return f"rrmq:capacity:{queue}"


def models_key(queue: str) -> str:
    """The hash of what a queue's workers judge with."""
    return f"rrmq:models:{queue}"


def stopped_key(job: str) -> str:
    """Where it stands that a job was paused or cancelled."""
    return f"rrmq:stopped:{job}"


def process_name() -> str:
    """What this process is called on the roll: its machine first, and never the same again."""
    return f"{socket.gethostname()}:{os.getpid()}:{token_hex(4)}"


@dataclass(frozen=True, slots=True)
class WorkerLeases:
    """A worker's side: `worker` is its id, unique to the process."""

    client: Redis
    worker: str

    def take(self, job: str, batch: int) -> bool:
        """Whether the batch is now ours: False when another worker has it or it is over."""
        return not self.renew([(JobId(job), BatchId(batch))])

    def renew(self, held: Collection[BatchRef]) -> set[BatchRef]:
        """Shows that we live and still hold these; those of them that are ours no more."""
        if not held:
            return set()
        keys = [lease_key(job, batch) for job, batch in held]
        ours = self.client.eval(_CLAIM, len(keys), *keys, self.worker, LEASE_SECONDS)
        return {one for one, still in zip(held, ours, strict=True) if not still}

    def finish(self, job: str, batch: int) -> None:
        """Marks the batch as over: every outcome of it is on its way."""
        self.client.set(lease_key(job, batch), OVER, ex=MARK_SECONDS)

    def release(self, job: str, batch: int, *, broken: bool = False) -> None:
        """Marks the batch as handed back, so that it is sent out again at once.

        `broken` when the engine died under it: then it counts as an attempt. A batch that is ours
        no more is left alone.
        """
        mark = BROKEN if broken else RETURNED
        self.client.eval(_RELEASE, 1, lease_key(job, batch), self.worker, mark, MARK_SECONDS)

    def stopped(self, jobs: Iterable[str]) -> set[str]:
        """Those of `jobs` that were paused or cancelled."""
        wanted = sorted(set(jobs))
        if not wanted:
            return set()
        marks = self.client.mget([stopped_key(job) for job in wanted])
        return {job for job, mark in zip(wanted, marks, strict=True) if mark is not None}

    def epoch(self) -> str | None:
        """The word of the broker's epoch; None when its data is gone and nobody noticed yet."""
        word = self.client.get(EPOCH_KEY)
        return None if word is None else str(word)

    def announce(self, capacities: Mapping[str, int], model: str = "") -> None:
        """Stands on the roll of each queue, with the matches that we can hold at once.

        `model` is what we judge with, where it is known before it judges.
        """
        seconds, _ = self.client.time()
        with self.client.pipeline(transaction=False) as pipe:
            for queue, capacity in capacities.items():
                pipe.hset(models_key(queue), self.worker, model)
                pipe.zadd(workers_key(queue), {self.worker: seconds})
                pipe.hset(capacity_key(queue), self.worker, str(capacity))
            pipe.execute()

    def withdraw(self, queues: Iterable[str]) -> None:
        """Leaves the roll."""
        with self.client.pipeline(transaction=False) as pipe:
            for queue in queues:
                pipe.zrem(workers_key(queue), self.worker)
                pipe.hdel(capacity_key(queue), self.worker)
                pipe.hdel(models_key(queue), self.worker)
            pipe.execute()
