"""Votes in dialects, from a real endpoint into the store: ties, margins, criteria in the prompt."""

import asyncio
import io
import json
from typing import Any

import pytest
from aiohttp import web
from kit.endpoint_jobs import play_at_endpoint
from kit.endpoints import completion, endpoint
from kit.jobs import job_of
from msgspec import to_builtins

from rrm_queue.actions.judges import judge_named
from rrm_queue.actions.request import needs_of
from rrm_queue.broker.client import BrokerClient
from rrm_queue.intake.submission import submit
from rrm_queue.judging.spec import with_criteria
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

ROWS = [
    {"id": "own", "prompt": "Q", "candidates": ["left", "right"], "criteria": "own criteria"},
    {"id": "none", "prompt": "R", "candidates": ["left", "right"]},
]


def play(
    database: Database, broker: BrokerClient, name: str, said: str, criteria: str | None = None
) -> list[str]:
    """The prompts that an endpoint got which answers `said` to a judge; its job is played."""
    prompts: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        prompts.append((await request.json())["messages"][-1]["content"])
        return completion(said)

    async def run() -> None:
        async with endpoint(handler) as base_url:
            spec = judge_named(f"{name}@openai:m", base_url=base_url)
            spec = with_criteria(spec, criteria) if criteria else spec
            job = job_of(judge=to_builtins(spec), strategy="elo")
            file = b"".join(json.dumps(row).encode() + b"\n" for row in ROWS)
            submit(database, io.BytesIO(file), job, needs=needs_of(spec, "elo"))
            await play_at_endpoint(database, broker)

    asyncio.run(run())
    return prompts


def votes(database: Database) -> list[Any]:
    with database.begin() as tx:
        return list(tx.execute(text("SELECT verdict, no_verdict, margin FROM votes")))


@pytest.mark.parametrize(
    ("name", "said", "vote"),
    [
        ("mt-bench", "Both are fine.\n\nFinal verdict: [[C]]", ("tie", None, 0)),
        ("mt-bench", "My verdict: [[B]]", ("second", None, 0)),
        ("arena-hard", "My final verdict is [[A>>B]]", ("first", None, 2)),
        ("arena-hard", "My final verdict is [[B>A]]", ("second", None, 1)),
        ("two-scores", "7 7\nEqual.", ("tie", None, 0)),
        ("rm-r1", "<think>A?</think><answer>[[B]]</answer>", ("second", None, 0)),
        ("rm-r1", "<answer>[[A]]</answer> or <answer>[[B]]</answer>", ("none", "off the menu", 0)),
        ("mt-bench", "<seed:think>maybe [[A]]", ("none", "truncated", 0)),
    ],
)
def test_a_vote_is_stored_as_the_judge_says_it(
    database: Database, broker: BrokerClient, name: str, said: str, vote: tuple[object, ...]
) -> None:
    play(database, broker, name, said)
    assert set(map(tuple, votes(database))) == {vote}


def test_a_prompts_own_criteria_reach_the_judge_before_the_jobs(
    database: Database, broker: BrokerClient
) -> None:
    prompts = play(database, broker, "criteria", "[[A]]", criteria="common criteria")
    shown = {"own": "own criteria", "common": "common criteria"}
    found = {name: [words in prompt for prompt in prompts] for name, words in shown.items()}
    assert sorted(zip(found["own"], found["common"], strict=True)) == [(False, True), (True, False)]
    with database.begin() as tx:
        keys = tx.scalars(text("SELECT key FROM votes")).all()
    assert len(set(keys)) == 2
    assert None not in keys, "the coordinator computes the same key from its own rows"
