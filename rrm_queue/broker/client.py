"""The broker as coordinator and faces see it: publish batches, receive outcomes, see who works."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import kombu.exceptions
import redis.exceptions
from redis import Redis

from rrm_queue.broker.address import checked
from rrm_queue.broker.faults import fault_of
from rrm_queue.broker.inbox import Inbox, slices
from rrm_queue.broker.judge_notes import note_on
from rrm_queue.broker.leases import (
    EPOCH_KEY,
    LEASE_SECONDS,
    MARK_SECONDS,
    STOP_SECONDS,
    WorkerLeases,
    capacity_key,
    lease_key,
    models_key,
    sharing_key,
    stopped_key,
    unseeded_key,
    workers_key,
)
from rrm_queue.broker.names import COORDINATOR_QUEUE, JUDGE_TASK, WAKE_TASK
from rrm_queue.broker.processes import has_ended
from rrm_queue.broker.troubles import Trouble, told
from rrm_queue.domain import BatchId, BatchRef, JobId
from rrm_queue.domain.queues import online_queue
from rrm_queue.errors import BrokerRefused, BrokerUnavailable
from rrm_queue.messages import (
    ENDED,
    MARKS,
    OVER,
    Epoch,
    Flush,
    Holder,
    JudgeBatch,
    Outcomes,
    QueueFacts,
    SharedMessage,
    encode,
)

if TYPE_CHECKING:
    from celery import Celery


# Who holds each key, and of marks how many seconds they last. One look costs a microsecond of the
# server; a command each would cost the client twenty times that.
_HOLDERS = """
local marks, left = {}, {}
for _, mark in ipairs(ARGV) do
  marks[mark] = true
end
local names = redis.call("MGET", unpack(KEYS))
for nth, key in ipairs(KEYS) do
  left[nth] = names[nth] and marks[names[nth]] and redis.call("TTL", key) or 0
end
return {names, left}
"""


class BrokerClient:
    """One broker: Celery sends its messages, a Redis client does all else.

    `app` makes the Celery app when the first message is sent: most commands send none. Every call
    raises BrokerUnavailable when the broker does not answer.
    """

    def __init__(self, app: "Callable[[], Celery]", client: Redis) -> None:
        self._make_app = app
        self.client = client
        self._inbox = Inbox(client)

    @cached_property
    def app(self) -> "Celery":
        """The app that messages are sent by."""
        return self._make_app()

    def close(self) -> None:
        """Closes the connections."""
        self.client.close()
        if "app" in vars(self):  # it was made to send a message
            self.app.close()

    def publish(self, queue: str, messages: Sequence[JudgeBatch | SharedMessage]) -> None:
        """Sends messages to their judge's queue."""
        with _faults(), self.app.producer_pool.acquire(block=True) as producer:
            for message in messages:
                self._send(JUDGE_TASK, [encode(message)], queue, producer=producer)

    def send_outcomes(self, *outcomes: Outcomes) -> None:
        """Puts flushes into the inbox, where a coordinator waits for them."""
        with _faults():
            self._inbox.put(*outcomes)

    def receive(self, seconds: float) -> list[Flush]:
        """Flushes that no coordinator has received yet; waits for them, `seconds` at most."""
        with _faults():
            return self._inbox.receive(seconds)

    def ack(self, flushes: Collection[Flush]) -> None:
        """Removes flushes that are recorded."""
        with _faults():
            self._inbox.ack(flushes)

    def relist(self, batches: Collection[BatchRef]) -> None:
        """Lists the flushes of these batches again: a coordinator receives them once more."""
        with _faults():
            self._inbox.relist(batches)

    def unrecorded(self, batches: Sequence[BatchRef]) -> set[BatchId]:
        """Those of the batches of which flushes wait to be recorded."""
        with _faults():
            return self._inbox.waiting(batches)

    def wake(self) -> None:
        """Tells a coordinator that there is work to plan."""
        with _faults():
            self._send(WAKE_TASK, [], COORDINATOR_QUEUE)

    def epoch(self) -> Epoch:
        """What changes when the broker has lost its data."""
        with _faults():
            with self.client.pipeline(transaction=False) as pipe:
                pipe.time()
                pipe.get(EPOCH_KEY)
                (seconds, millionths), word = pipe.execute()
            if word is None:  # a full broker refuses SET even with NX
                begun = f"{token_hex(8)}:{millionths}:{seconds}"
                self.client.set(EPOCH_KEY, begun, nx=True)
                word = self.client.get(EPOCH_KEY)
        return Epoch(str(word), seconds + millionths / 1e6 - _begun(str(word)))

    def check_access(self) -> None:
        """Raises BrokerRefused when the broker denies access; one that is away may come back."""
        try:
            self.epoch()
        except BrokerRefused:
            raise
        except BrokerUnavailable:
            return

    def holders(self, batches: Sequence[BatchRef]) -> dict[BatchId, Holder | None]:
        """The holder of each batch, None where there is none.

        ENDED in place of a process of this machine that lives no more: its lease need not expire.
        """
        ended = cache(has_ended)  # a look at a process serves all of its batches
        found: dict[BatchId, Holder | None] = {}
        with _faults():
            for some in slices(batches):
                keys = [lease_key(job, batch) for job, batch in some]
                left = self.client.eval(_HOLDERS, len(keys), *keys, *MARKS)
                found |= {
                    batch: None if name is None else _holder(str(name), seconds, ended)
                    for (_, batch), name, seconds in zip(some, left[0], left[1], strict=True)
                }
        return found

    def give_up(self, batches: Sequence[BatchRef]) -> None:
        """Marks batches as over, so that workers drop their messages if they still arrive."""
        with _faults(), self.client.pipeline(transaction=False) as pipe:
            for job, batch in batches:
                pipe.set(lease_key(job, batch), OVER, ex=MARK_SECONDS)
            pipe.execute()

    def announce(self, name: str) -> None:
        """Shows that a coordinator is present; it must be called again before that lapses."""
        with _faults():
            WorkerLeases(self.client, name).announce({COORDINATOR_QUEUE: 1})

    def withdraw(self, name: str) -> None:
        """Ends a coordinator's presence."""
        with _faults():
            WorkerLeases(self.client, name).withdraw([COORDINATOR_QUEUE])

    def capacities(self, queue: str) -> dict[str, int]:
        """The live workers of a queue, each with how many matches it can hold at once."""
        return self.facts(queue).capacities

    def facts(self, queue: str) -> QueueFacts:
        """The live workers of a queue, and how much memory the broker has for its messages."""
        with _faults():
            with self.client.pipeline(transaction=False) as pipe:
                pipe.time()
                pipe.zrange(workers_key(queue), 0, -1, withscores=True)
                pipe.hgetall(capacity_key(queue))
                pipe.hgetall(models_key(queue))
                pipe.zrange(workers_key(online_queue(queue)), 0, -1, withscores=True)
                pipe.info("memory")
                pipe.smembers(sharing_key(queue))
                pipe.smembers(unseeded_key(queue))
                (now, _), seen, capacities, models, online, memory, sharing, unseeded = (
                    pipe.execute()
                )
            lapsed = now - LEASE_SECONDS - 1
            live = {str(worker) for worker, at in seen if at > lapsed}
            if gone := {*capacities, *sharing, *(worker for worker, _ in seen)} - live:
                self.client.zremrangebyscore(workers_key(queue), "-inf", lapsed)
                self.client.hdel(capacity_key(queue), *gone)
                self.client.hdel(models_key(queue), *gone)
                self.client.srem(sharing_key(queue), *gone)
                self.client.srem(unseeded_key(queue), *gone)
        return QueueFacts(
            {str(worker): int(c) for worker, c in capacities.items() if worker in live},
            {str(worker): str(model) for worker, model in models.items()},
            any(at > lapsed for _, at in online),
            int(memory.get("maxmemory", 0)),
            sharing=bool(live) and live <= sharing,
            unseeded=len(live & unseeded),
        )

    def waiting(self, queue: str) -> int:
        """How many messages no worker has taken."""
        with _faults():
            return int(self.client.llen(queue))

    def stop(self, jobs: Collection[JobId]) -> None:
        """Tells the workers to release the batches of these jobs."""
        if not jobs:
            return
        with _faults(), self.client.pipeline(transaction=False) as pipe:
            for job in jobs:
                pipe.set(stopped_key(job), "1", ex=STOP_SECONDS)
            pipe.execute()

    def unstop(self, job: JobId) -> None:
        """Reverses `stop`: the job goes on."""
        with _faults():
            self.client.delete(stopped_key(job))

    def trouble(self, job: JobId) -> Trouble | None:
        """Why requests of the job wait at its workers, as they said lately."""
        with _faults():
            return told(self.client, job)

    def judge_note(self, job: JobId) -> str:
        """What workers found out about the job's judge; empty where they did not."""
        with _faults():
            return note_on(self.client, job)

    def server_version(self) -> str:
        """The server's name and version, such as `valkey 9.1.0`."""
        with _faults():
            info: dict[str, Any] = self.client.info("server")
        name = info.get("server_name", "redis")
        return f"{name} {info.get(f'{name}_version', info.get('redis_version'))}"

    def _send(self, task: str, arguments: list[Any], queue: str, **options: Any) -> None:
        self.app.send_task(task, args=arguments, queue=queue, retry=False, **options)


def _begun(word: str) -> float:
    """When an epoch began, by the broker's clock.

    Of one that the version before began only the whole seconds are known.
    """
    _, *millionths, seconds = word.split(":")
    return int(seconds) + (int(millionths[0]) / 1e6 if millionths else 1.0)


def _holder(name: str, seconds_left: int, ended: Callable[[str], bool]) -> Holder:
    if ended(name):
        return Holder(ENDED, float(LEASE_SECONDS))
    return Holder(name, float(MARK_SECONDS - seconds_left) if name in MARKS else 0.0)


def redis_client(broker_url: str, *, timeout: float = 30) -> Redis:
    """A client of the server that Celery uses under this URL; `timeout` in seconds for an answer.

    Raises UsageFault for a URL that is no broker's.
    """
    url = checked(broker_url)
    if url.startswith("redis+socket://"):
        url = url.replace("redis+socket://", "unix://", 1).replace("virtual_host=", "db=", 1)
    return Redis.from_url(
        url, decode_responses=True, socket_timeout=timeout, socket_connect_timeout=5
    )


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except (redis.exceptions.RedisError, kombu.exceptions.KombuError, OSError) as error:
        raise fault_of(error) from error
