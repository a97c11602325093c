"""Leases and the presence of workers, in Redis beside the queues.

A batch's lease names the worker that runs it. The worker renews it while it is alive, so the leases
of a dead worker expire. When a batch is over, a mark takes the lease's place for a while, so that a
repeated message of the batch is dropped unread.

A broker that is out of memory refuses each command that may need more, except in a script that has
written already. Leases and presence are small, so each script begins with EXPIRE or PERSIST, which
need none: a full broker does not make a live worker look dead.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from redis import Redis

from rrm_queue.domain import BatchId, BatchRef, JobId
from rrm_queue.messages import BROKEN, OVER, RETURNED

LEASE_SECONDS = 15
"""How long a lease lasts after it was renewed."""

RENEW_SECONDS = 2
"""How often a worker renews its leases.

So often that after a loss of the broker's data it is soon known which batches still run.
"""

MARK_SECONDS = 2 * 3600
"""How long an ended batch is remembered: longer than Celery takes to redeliver a message."""

EPOCH_KEY = "rrmq:epoch"
"""The key of the broker's epoch; see `BrokerClient.epoch`."""

STOP_SECONDS = 10
"""How long workers are told to stop a job; the coordinator repeats it while batches are out.

Short, so that a late repetition does not stop a resumed job for long.
"""

# Takes a free lease and renews our own. A lease that expired unnoticed goes on; a batch that was
# given up in the meantime is known to be lost.
_CLAIM = """
local ours = {}
for place, key in ipairs(KEYS) do
  local holder = redis.call("GET", key)
  if not holder or holder == ARGV[1] then
    if redis.call("EXPIRE", key, ARGV[2]) == 0 then
      redis.call("SET", key, ARGV[1], "EX", ARGV[2])
    end
    ours[place] = 1
  else
    ours[place] = 0
  end
end
return ours
"""

_RELEASE = """
if redis.call("GET", KEYS[1]) == ARGV[1] then
  redis.call("EXPIRE", KEYS[1], ARGV[3])
  redis.call("SET", KEYS[1], ARGV[2], "EX", ARGV[3])
end
"""

_MARK = """
for _, key in ipairs(KEYS) do
  redis.call("EXPIRE", key, ARGV[2])
  redis.call("SET", key, ARGV[1], "EX", ARGV[2])
end
"""

# In fives: a queue's workers, their capacities, their models, which of them share messages, and
# which of them have an engine that ignores seeds.
_ANNOUNCE = """
for nth = 0, #KEYS / 5 - 1 do
  local workers, capacity = KEYS[5 * nth + 1], KEYS[5 * nth + 2]
  local models, sharing, unseeded = KEYS[5 * nth + 3], KEYS[5 * nth + 4], KEYS[5 * nth + 5]
  redis.call("PERSIST", workers)
  redis.call("SADD", sharing, ARGV[1])
  redis.call("HSET", models, ARGV[1], ARGV[3])
  redis.call("ZADD", workers, ARGV[2], ARGV[1])
  redis.call("HSET", capacity, ARGV[1], ARGV[5 + nth])
  redis.call(ARGV[4], unseeded, ARGV[1])
end
"""


def lease_key(job: str, batch: int) -> str:
    """The key of a batch's lease. Ids of jobs are never used twice, those of batches may be."""
    return f"rrmq:lease:{job}:{batch}"


def workers_key(queue: str) -> str:
    """The key of a queue's present workers, each with the time when it was last seen."""
    return f"rrmq:workers:{queue}"


def capacity_key(queue: str) -> str:
    """The key of the capacities of a queue's workers."""
    return f"rrmq:capacity:{queue}"


def models_key(queue: str) -> str:
    """The hash of what a queue's workers judge with."""
    return f"rrmq:models:{queue}"


def sharing_key(queue: str) -> str:
    """The set of a queue's workers that read messages which several jobs share."""
    return f"rrmq:sharing:{queue}"


def unseeded_key(queue: str) -> str:
    """The set of a queue's workers whose engine ignores the seeds of votes."""
    return f"rrmq:unseeded:{queue}"


def work_key(worker: str) -> str:
    """Where a worker says what it holds."""
    return f"rrmq:work:{worker}"


def stopped_key(job: str) -> str:
    """The key that says that a job was paused or cancelled."""
    return f"rrmq:stopped:{job}"


@dataclass(frozen=True, slots=True)
class WorkerLeases:
    """A worker's side: `worker` is its id, unique to the process."""

    client: Redis
    worker: str

    def take(self, job: str, batch: int) -> bool:
        """Whether the batch is now ours: False when another worker has it or it is over."""
        return not self.renew([(JobId(job), BatchId(batch))])

    def renew(self, held: Collection[BatchRef]) -> set[BatchRef]:
        """Renews the leases of these batches; returns the batches that are no longer ours."""
        if not held:
            return set()
        keys = [lease_key(job, batch) for job, batch in held]
        ours = self.client.eval(_CLAIM, len(keys), *keys, self.worker, LEASE_SECONDS)
        return {one for one, still in zip(held, ours, strict=True) if not still}

    def finish(self, batches: Iterable[BatchRef]) -> None:
        """Marks batches as over: all their outcomes were sent."""
        keys = [lease_key(job, batch) for job, batch in batches]
        self.client.eval(_MARK, len(keys), *keys, OVER, MARK_SECONDS)

    def release(self, job: str, batch: int, *, broken: bool = False) -> None:
        """Marks the batch as returned, so that it is sent again at once.

        `broken` when the engine died while it ran: that counts as an attempt. A batch that is no
        longer ours keeps its lease.
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
        """The broker's epoch; None after its data was lost, until a coordinator notices."""
        word = self.client.get(EPOCH_KEY)
        return None if word is None else str(word)

    def announce(
        self, capacities: Mapping[str, int], model: str = "", *, ignores_seeds: bool = False
    ) -> None:
        """Shows that this process serves these queues, and how many matches it can hold at once.

        `model` is what it judges with, where that is known before it judges. `ignores_seeds`: the
        seed of a vote has no effect on its text.
        """
        seconds, _ = self.client.time()
        keys = [
            key
            for queue in capacities
            for key in (
                workers_key(queue),
                capacity_key(queue),
                models_key(queue),
                sharing_key(queue),
                unseeded_key(queue),
            )
        ]
        mark = "SADD" if ignores_seeds else "SREM"
        values = [self.worker, str(seconds), model, mark, *map(str, capacities.values())]
        self.client.eval(_ANNOUNCE, len(keys), *keys, *values)

    def tell_work(self, held: int, restarts: int) -> None:
        """Says how many matches this worker holds, and how often its engine was started again.

        Nothing relies on it.
        """
        self.client.set(work_key(self.worker), f"{held} {restarts}", ex=LEASE_SECONDS)

    def withdraw(self, queues: Iterable[str]) -> None:
        """Ends the presence in these queues."""
        with self.client.pipeline(transaction=False) as pipe:
            for queue in queues:
                pipe.zrem(workers_key(queue), self.worker)
                pipe.hdel(capacity_key(queue), self.worker)
                pipe.hdel(models_key(queue), self.worker)
                pipe.srem(sharing_key(queue), self.worker)
                pipe.srem(unseeded_key(queue), self.worker)
            pipe.execute()
