"""Jobs whose votes all come from an endpoint on loopback: the test is coordinator and worker."""

import asyncio
from typing import Any

from kit.endpoints import Handler, endpoint
from kit.jobs import received, submit_file
from rrm_queue.broker.client import BrokerClient
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.domain import JobId
from rrm_queue.judging.batch_runner import BatchRunner
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.sampler import RetryPolicy
from rrm_queue.messages import MatchReport
from rrm_queue.store.database import Database

PATIENCE = RetryPolicy(attempts=2, first_wait=0.01, longest_wait=0.05, least=0.0)


def judge_at(
    handler: Handler, database: Database, broker: BrokerClient, file: bytes, **options: Any
) -> JobId:
    """Submits the file to an endpoint that answers as `handler` does, and plays it to its end."""
    return asyncio.run(_judge_at(handler, database, broker, file, options))


async def _judge_at(
    handler: Handler,
    database: Database,
    broker: BrokerClient,
    file: bytes,
    options: dict[str, Any],
) -> JobId:
    async with endpoint(handler) as base_url:
        judge = {"kind": "openai", "argument": "m", "base_url": base_url}
        job = submit_file(database, file, reference=False, judge=judge, **options)
        await play_at_endpoint(database, broker)
    return job


async def play_at_endpoint(database: Database, broker: BrokerClient) -> None:
    """Judges and records until nothing more can be sent."""
    runner = BatchRunner(EngineSettings(), concurrency=8, retries=PATIENCE)
    reports: list[MatchReport] = []

    async def take(one: MatchReport) -> None:
        reports.append(one)

    try:
        while dispatch(database, broker):
            for batch in received(broker):
                await runner.judge(batch, take)
                record(database, batch.outcomes("test", reports))
                reports.clear()
    finally:
        await runner.close()
