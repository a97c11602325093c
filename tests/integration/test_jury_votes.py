"""Votes of a jury are paid for once with those of its judges alone; a refusal names its judge."""

import asyncio
from typing import Any

from aiohttp import web
from kit.endpoints import completion, endpoint
from kit.jobs import lines, submit_file
from kit.paid_votes import PAID, Worker, sent, view
from msgspec import to_builtins

from rrm_queue.broker.client import BrokerClient
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.domain import JobState, JudgeSpec, Verdict, Voting
from rrm_queue.judging.batch_runner import BatchRunner
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.kinds import queue_of
from rrm_queue.judging.sampler import RetryPolicy
from rrm_queue.judging.spec import jury_of
from rrm_queue.messages import Answer, BatchMatch, JudgeBatch, MatchReport, Question
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

URL = "http://127.0.0.1:9/v1"
JURY = jury_of([JudgeSpec("openai", name, base_url=URL) for name in ("judge-1", "judge-2")])
OF_JURY: dict[str, Any] = {
    "judge": to_builtins(JURY),
    "queue": queue_of(JURY),
    "voting": {"votes": 6, "judges": 2},
}


def test_votes_of_a_judge_alone_serve_its_jury_and_the_other_way_round(
    database: Database, broker: BrokerClient
) -> None:
    submit_file(database, lines([2]), voting={"votes": 3}, **PAID)
    Worker().play(database, broker)
    jury = submit_file(database, lines([2]), anew=True, id="ba9876543210", **OF_JURY)
    dispatch(database, broker)
    (batch,) = sent(broker, OF_JURY["queue"])
    assert [vote.number for vote in batch.matches[0].votes] == [1, 2]
    worker = Worker()
    record(database, worker.judge(batch))
    after = view(database, jury)
    assert (after.state, after.votes, after.votes_reused) == (JobState.SUCCEEDED, 4, 2)
    assert sum(worker.paid.values()) == 2, "only those of the other judge"
    with database.begin() as tx:
        numbers = tx.scalars(text("SELECT number FROM votes WHERE NOT reused ORDER BY 1")).all()
    assert numbers == [1, 2, 4, 5]
    lone: dict[str, Any] = {**PAID, "judge": {**PAID["judge"], "argument": "judge-2"}}
    other = submit_file(
        database, lines([2]), anew=True, id="cccccccccccc", voting={"votes": 3}, **lone
    )
    assert dispatch(database, broker) == 1
    assert sent(broker) == [], "the jury has paid for them"
    assert view(database, other).votes_reused == 2


def test_a_judge_that_refuses_is_named_and_the_others_votes_are_kept() -> None:
    async def handler(request: web.Request) -> web.Response:
        if (await request.json())["model"] == "judge-2":
            return web.json_response({"error": {"message": "no such model"}}, status=404)
        return completion(r"\boxed{Assistant 1}")

    async def run() -> list[MatchReport]:
        reports: list[MatchReport] = []

        async def report(one: MatchReport) -> None:
            reports.append(one)

        async with endpoint(handler) as base_url:
            judges = [
                JudgeSpec("openai", name, base_url=base_url) for name in ("judge-1", "judge-2")
            ]
            batch = JudgeBatch(
                1, "job", jury_of(judges),
                [Question("t", "p", None, [Answer(0, "x", "one"), Answer(1, "y", "two")])],
                [BatchMatch(1, 0, 1)], Voting(2, judges=2), 1,
            )  # fmt: skip
            runner = BatchRunner(
                EngineSettings(),
                concurrency=4,
                retries=RetryPolicy(attempts=2, first_wait=0.01, longest_wait=0.02, least=0.0),
            )
            await runner.judge(batch, report)
            await runner.close()
        return reports

    (report,) = asyncio.run(run())
    assert report.failure is not None
    assert report.failure.refused
    assert "openai:judge-2" in report.failure.reason
    assert "no such model" in report.failure.reason
    assert [(vote.number, vote.verdict) for vote in report.votes] == [(1, Verdict.FIRST)]
