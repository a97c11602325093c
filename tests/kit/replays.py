"""Recorded verdicts judged again: the real panel and the real replay engine, message by message."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from kit.jobs import received
from rrm_queue.broker.client import BrokerClient
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.judging.batch_runner import BatchRunner
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.messages import JudgeBatch, MatchReport, Outcomes
from rrm_queue.store.database import Database

SHARED = Path(__file__).parents[3] / "shared" / "data"

Row = dict[str, Any]


def rows(name: str) -> list[Row]:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return [json.loads(line) for line in path.read_text().splitlines()]


def as_lines(items: Iterable[Row]) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


def judge_all(database: Database, broker: BrokerClient) -> None:
    """Runs everything to its end, with a panel in the worker's place."""

    async def judge(batches: list[JudgeBatch]) -> list[Outcomes]:
        panel = BatchRunner(EngineSettings(), concurrency=64)
        found = []
        try:
            for batch in batches:
                reports: list[MatchReport] = []

                async def report(one: MatchReport, reports: list[MatchReport] = reports) -> None:
                    reports.append(one)

                await panel.judge(batch, report)
                found.append(batch.outcomes("test", reports))
        finally:
            await panel.close()
        return found

    while dispatch(database, broker):
        for outcomes in asyncio.run(judge(list(received(broker)))):
            record(database, outcomes)


def crowd() -> tuple[list[Row], list[Row]]:
    """The crowd of LLMFAO as a judge: a file with its pairs, and the recording of its verdicts.

    Several people judged a pair, and a pair meets once in a tournament: the first judgements of a
    prompt's pairs are one tournament, the second ones another, and so on. So every judgement is a
    match. Some models answered nothing, which people judged too.
    """
    texts = {
        (prompt["id"], answer["id"]): answer
        for prompt in rows("many_llmfao_60cand.jsonl")
        for answer in prompt["candidates"]
    }
    prompts = {prompt["id"]: prompt["prompt"] for prompt in rows("many_llmfao_60cand.jsonl")}
    before: Counter[tuple[str, frozenset[str]]] = Counter()
    tournaments: dict[str, Row] = {}
    recording = []
    for battle in rows("battles_llmfao_crowd.jsonl"):
        prompt, left, right = battle["prompt_id"], battle["left_id"], battle["right_id"]
        before[prompt, frozenset((left, right))] += 1
        key = f"{prompt} #{before[prompt, frozenset((left, right))]}"
        row = tournaments.setdefault(
            key, {"id": key, "prompt": prompts[prompt], "candidates": {}, "pairs": []}
        )
        for side, id_ in (("left", left), ("right", right)):
            row["candidates"][id_] = {
                "id": id_,
                "text": texts[prompt, id_]["text"].strip() or "(nothing)",
                "generator": battle[side],
            }
        row["pairs"].append({"first": left, "second": right})
        winner = {"left": left, "right": right, "tie": None}[battle["winner"]]
        recording.append({"tournament": key, "first": left, "second": right, "winner": winner})
    file = [row | {"candidates": list(row["candidates"].values())} for row in tournaments.values()]
    return file, recording
