"""The broker as coordinator and CLI see it: publish, and look at who runs what."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from secrets import token_hex
from typing import Any

import kombu.exceptions
import redis.exceptions
from celery import Celery
from redis import Redis

from rrm_queue.broker.app import COORDINATOR_QUEUE, JUDGE_TASK, RECORD_TASK, WAKE_TASK
from rrm_queue.broker.leases import (
    LEASE_SECONDS,
    MARK_SECONDS,
    cancelled_key,
    capacity_key,
    lease_key,
    roll_key,
)
from rrm_queue.domain import MARKS, OVER, BatchId, Epoch, Holder, JobId
from rrm_queue.errors import BrokerUnavailable, UsageFault
from rrm_queue.messages import JudgeBatch, Outcomes, encode

EPOCH_KEY = "rrmq:epoch"


class BrokerLink:
    """One broker, by Celery for messages and by a client for all else.

    Every call raises BrokerUnavailable when the broker does not answer.
    """

    def __init__(self, app: Celery, client: Redis) -> None:
        self.app = app
        self.client = client

    def publish(self, queue: str, batches: Sequence[JudgeBatch]) -> None:
        """Sends batches to their judge's queue."""
        with _faults(), self.app.producer_pool.acquire(block=True) as producer:
            for batch in batches:
                self._send(JUDGE_TASK, [encode(batch)], queue, producer=producer)

    def send_outcomes(self, outcomes: Outcomes) -> None:
        """Sends a flush to the coordinators."""
        with _faults():
            self._send(RECORD_TASK, [encode(outcomes)], COORDINATOR_QUEUE)

    def wake(self) -> None:
        """Tells a coordinator that there is work to plan."""
        with _faults():
            self._send(WAKE_TASK, [], COORDINATOR_QUEUE)

    def epoch(self) -> Epoch:
        """What changes when the broker has lost its data."""
        with _faults():
            now, _ = self.client.time()
            self.client.set(EPOCH_KEY, f"{token_hex(8)}:{now}", nx=True)
            word = str(self.client.get(EPOCH_KEY))
        return Epoch(word, float(now - int(word.rpartition(":")[2])))

    def holders(self, batches: Sequence[tuple[JobId, BatchId]]) -> dict[BatchId, Holder | None]:
        """Who holds each batch, None for nobody."""
        with _faults(), self.client.pipeline(transaction=False) as pipe:
            for job, batch in batches:
                pipe.get(lease_key(job, batch))
                pipe.ttl(lease_key(job, batch))
            found = pipe.execute()
        return {
            batch: None if name is None else _holder(str(name), left)
            for (_, batch), name, left in zip(batches, found[::2], found[1::2], strict=True)
        }

    def give_up(self, batches: Sequence[tuple[JobId, BatchId]]) -> None:
        """Marks batches as over, so that a message of theirs that turns up late is dropped."""
        with _faults(), self.client.pipeline(transaction=False) as pipe:
            for job, batch in batches:
                pipe.set(lease_key(job, batch), OVER, ex=MARK_SECONDS)
            pipe.execute()

    def capacities(self, queue: str) -> dict[str, int]:
        """The live workers of a queue, each with how many matches it can hold at once."""
        with _faults():
            now, _ = self.client.time()
            self.client.zremrangebyscore(roll_key(queue), "-inf", now - LEASE_SECONDS - 1)
            live = {str(worker) for worker in self.client.zrange(roll_key(queue), 0, -1)}
            capacities = self.client.hgetall(capacity_key(queue))
            gone = [str(worker) for worker in capacities if str(worker) not in live]
            if gone:
                self.client.hdel(capacity_key(queue), *gone)
        return {str(worker): int(c) for worker, c in capacities.items() if worker in live}

    def waiting(self, queue: str) -> int:
        """How many messages no worker has taken."""
        with _faults():
            return int(self.client.llen(queue))

    def cancel(self, job: JobId) -> None:
        """Tells the workers to stop what they hold of the job."""
        with _faults():
            self.client.set(cancelled_key(job), "1", ex=MARK_SECONDS)

    def server_version(self) -> str:
        """The server's name and version, such as `valkey 9.1.0`."""
        with _faults():
            info: dict[str, Any] = self.client.info("server")
        name = info.get("server_name", "redis")
        return f"{name} {info.get(f'{name}_version', info.get('redis_version'))}"

    def _send(self, task: str, arguments: list[bytes], queue: str, **options: Any) -> None:
        self.app.send_task(task, args=arguments, queue=queue, retry=False, **options)


def _holder(name: str, seconds_left: int) -> Holder:
    return Holder(name, float(MARK_SECONDS - seconds_left) if name in MARKS else 0.0)


def redis_client(broker_url: str, *, timeout: float = 30) -> Redis:
    """A client of the server that Celery uses under this URL; `timeout` in seconds for an answer.

    Raises UsageFault for a URL that is no broker's.
    """
    url = broker_url.replace("redis+socket://", "unix://", 1).replace("virtual_host=", "db=", 1)
    try:
        return Redis.from_url(
            url, decode_responses=True, socket_timeout=timeout, socket_connect_timeout=5
        )
    except ValueError as error:
        example = "redis://:password@host:6379/0"
        raise UsageFault(f"RRMQ_BROKER_URL must look like {example}") from error


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except (redis.exceptions.RedisError, kombu.exceptions.KombuError, OSError) as error:
        raise BrokerUnavailable(str(error).split("\n", 1)[0]) from error
