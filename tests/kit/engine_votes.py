"""Batches judged on a real engine, as a worker judges them."""

import asyncio

from rrm_queue.judging.batch_runner import BatchRunner
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.messages import JudgeBatch, MatchReport


def judged_at(url: str, batch: JudgeBatch) -> list[MatchReport]:
    """What the engine at `url` says."""
    reports: list[MatchReport] = []

    async def report(one: MatchReport) -> None:
        reports.append(one)

    async def run() -> None:
        runner = BatchRunner(EngineSettings(sglang_url=url), concurrency=8)
        try:
            await runner.judge(batch, report)
        finally:
            await runner.close()

    asyncio.run(run())
    return reports
