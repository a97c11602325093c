"""The inbox: outcomes lie in Redis until they are recorded; messages only say that they are there.

Celery on Redis may lose a message, and keeps what a dead process had taken for an hour. Outcomes
are paid for: they stay until a coordinator has committed them, whoever is killed meanwhile.
"""

from collections.abc import Collection, Sequence

from redis import Redis
from redis.client import NEVER_DECODE

from rrm_queue.domain import BatchId, JobId
from rrm_queue.messages import Outcomes, encode

KEEP_SECONDS = 7 * 24 * 3600
"""How long outcomes wait for a coordinator: longer than anybody leaves a fleet without one."""


def inbox_key(job: str, batch: int) -> str:
    """Where the outcomes of a batch lie."""
    return f"rrmq:outcomes:{job}:{batch}"


class Inbox:
    """Flushes by batch, each under an id of its own."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    def put(self, outcomes: Outcomes) -> None:
        """Adds a flush; adding it again changes nothing."""
        key = inbox_key(outcomes.job, outcomes.batch)
        flush = f"{outcomes.worker}:{outcomes.matches[0].match}"
        with self._client.pipeline(transaction=False) as pipe:
            pipe.hset(key, flush, encode(outcomes))
            pipe.expire(key, KEEP_SECONDS)
            pipe.execute()

    def read(self, job: JobId, batch: BatchId) -> dict[str, bytes]:
        """The flushes of a batch that are not recorded yet, by id."""
        found = self._client.execute_command(  # type: ignore[no-untyped-call]  # redis has no type
            "HGETALL", inbox_key(job, batch), **{NEVER_DECODE: True}
        )
        cells = (
            found.items() if isinstance(found, dict) else zip(found[::2], found[1::2], strict=True)
        )
        return {bytes(flush).decode(): bytes(body) for flush, body in cells}

    def remove(self, job: JobId, batch: BatchId, flushes: Collection[str]) -> None:
        """Drops flushes that are recorded."""
        if flushes:
            self._client.hdel(inbox_key(job, batch), *flushes)

    def waiting(self, batches: Sequence[tuple[JobId, BatchId]]) -> set[BatchId]:
        """Those of the batches that have flushes here."""
        with self._client.pipeline(transaction=False) as pipe:
            for job, batch in batches:
                pipe.exists(inbox_key(job, batch))
            found = pipe.execute()
        return {batch for (_, batch), there in zip(batches, found, strict=True) if there}
