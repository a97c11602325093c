"""One odd completion costs itself: the other matches of its batch are judged once and recorded."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web
from kit.endpoints import judged as judged_at
from kit.jobs import judged, lines, received, submit_file
from kit.paid_votes import view
from msgspec import structs
from rrm_worker.metrics import Metrics
from rrm_worker.outbox import Outbox

from rrm_queue.broker.client import BrokerClient
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.losses import Loss
from rrm_queue.coordinator.record import record
from rrm_queue.coordinator.recover import recover
from rrm_queue.domain import JobState, JudgeSpec, Verdict, Vote, Voting
from rrm_queue.messages import (
    OVER,
    BatchMatch,
    JudgeBatch,
    MatchReport,
    Outcomes,
    encode,
)
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

BOX = "\\boxed{Assistant 1}"
USAGES = {
    "negative": '{"prompt_tokens": -1, "completion_tokens": -1}',
    "five bytes": f'{{"completion_tokens": {2**40}}}',
    "nine bytes": f'{{"completion_tokens": {2**70}}}',
    "infinite": '{"completion_tokens": 1e999}',
    "no number": '{"completion_tokens": "many", "prompt_tokens": 1.5}',
    "no object": "[1, 2]",
    "odd details": '{"prompt_tokens_details": [7], "prompt_tokens": 3}',
}


def body(usage: str, content: str = json.dumps(BOX)) -> web.Response:
    message = f'{{"role": "assistant", "content": {content}}}'
    choice = f'{{"message": {message}, "finish_reason": "stop"}}'
    whole = f'{{"model": "m", "choices": [{choice}], "usage": {usage}}}'
    return web.Response(body=whole.encode(), content_type="application/json")


@pytest.mark.parametrize("odd", [*USAGES, "half a pair", "NUL"])
def test_one_odd_completion_of_eight_is_asked_for_once(odd: str) -> None:
    count = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal count
        count += 1
        if count != 4:
            return body('{"completion_tokens": 5}')
        if odd in USAGES:
            return body(USAGES[odd])
        mark = "\\ud800" if odd == "half a pair" else "\\u0000"
        return body("null", f'"Well{mark}. \\\\boxed{{Assistant 1}}"')

    reports = judged_at(answer, matches=8)
    assert count == 8
    assert [len(report.votes) for report in reports] == [1] * 8
    assert not any(report.failure for report in reports)
    metrics = Metrics()
    batch = JudgeBatch(1, "job", JudgeSpec("openai", "m"), [], [], Voting(), 0)
    for report in reports:
        metrics.count(batch, report)
        encode(batch.outcomes("me", [report]))


def test_a_match_that_cannot_be_encoded_fails_alone() -> None:
    sent: list[Outcomes] = []

    def send(*flushes: Outcomes) -> None:
        for outcomes in flushes:
            encode(outcomes)
        sent.extend(flushes)

    batch = JudgeBatch(
        1, "job", JudgeSpec("openai", "m"), [], [BatchMatch(n, 0, 1) for n in range(8)], Voting(), 0
    )

    async def run() -> None:
        outbox = Outbox("me", send, most=8).of(batch)
        for number in range(8):
            tokens = 2**70 if number == 3 else 5
            vote = Vote(1, Verdict.FIRST, prompt_tokens=tokens)
            outbox.add(MatchReport(number, [vote]))
        await outbox.drain()

    asyncio.run(run())
    reports = {report.match: report for outcomes in sent for report in outcomes.matches}
    assert sorted(reports) == list(range(8))
    assert [n for n, report in reports.items() if report.failure] == [3]
    assert "cannot be sent" in reports[3].failure.reason  # type: ignore[union-attr]  # just seen


@pytest.mark.parametrize(
    "odd",
    [
        {"prompt_tokens": -1},
        {"completion_tokens": 2**62},
        {"seconds": float("nan")},
        {"seconds": -1.0},
        {"samples": 2**40},
        {"seed": 2**64 - 1},
        {"text": "a\0b"},
    ],
    ids=str,
)
def test_a_hostile_workers_numbers_are_brought_into_bounds(
    database: Database, broker: BrokerClient, odd: dict[str, Any]
) -> None:
    job = submit_file(database, lines([2] * 8))
    dispatch(database, broker)
    (batch,) = received(broker)
    outcomes = judged(batch)
    first = outcomes.matches[0]
    changed = MatchReport(first.match, [structs.replace(first.votes[0], **odd)])
    record(database, structs.replace(outcomes, matches=[changed, *outcomes.matches[1:]]))
    seen = view(database, job)
    assert (seen.state, seen.tournaments_done, seen.votes) == (JobState.SUCCEEDED, 8, 8)
    assert seen.prompt_tokens >= 0


def test_matches_whose_outcomes_are_gone_wait_longer_each_time(
    database: Database, broker: BrokerClient
) -> None:
    submit_file(database, lines([2]))
    waits = []
    for _ in range(3):
        assert dispatch(database, broker) == 1
        (batch,) = received(broker)
        broker.client.set(f"rrmq:lease:{batch.job}:{batch.batch}", OVER, ex=2 * 3600 - 60)
        assert set(recover(database, broker, settled=True).lost.values()) == {Loss.OUTCOMES}
        assert dispatch(database, broker) == 0, "not at once"
        with database.begin() as tx:
            wait = text("SELECT extract(epoch FROM not_before - now())::float8 FROM matches")
            waits.append(tx.scalar(wait))
            tx.execute(text("UPDATE matches SET not_before = now()"))
    assert [round(wait) for wait in waits] == [2, 4, 8]
