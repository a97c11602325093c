"""A model whose tokenizer has no known limit: SGLang cannot answer /tokenize for it."""

import asyncio
import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from kit.sglang_process import SglangProcess, running_sglang
from kit.waiting import PATIENCE

from rrm_queue.domain import JudgeSpec, Verdict, Vote
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.engines.sglang.engine import SglangEngine
from rrm_queue.judging.vote_request import VoteRequest
from rrm_queue.messages import Answer

NO_LIMIT = 1e30
"""What stands for no limit in transformers.

Written as a whole number it stops SGLang 0.5.15, as a float every version.
"""

REGEX = r"so</think>\n\\boxed\{Assistant (1|2)\}"


@pytest.fixture(scope="module")
def server(
    engine_python: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SglangProcess]:
    folder = tmp_path_factory.mktemp("unlimited") / "model"
    shutil.copytree(tiny_model, folder)
    config = folder / "tokenizer_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"model_max_length": NO_LIMIT}))
    with running_sglang(engine_python, folder, folder.parent / "server.log") as running:
        yield running


def request(prompt: str, one: str, two: str) -> VoteRequest:
    judge = JudgeSpec("sglang", "tiny", regex=REGEX, max_tokens=64)
    answers = (Answer(0, "a", one), Answer(1, "b", two))
    return VoteRequest("t", prompt, None, *answers, number=1, seed=1, swapped=False, judge=judge)


def votes(url: str, requests: list[VoteRequest]) -> list[Vote]:
    async def run() -> list[Vote]:
        engine = SglangEngine(EngineSettings(sglang_url=url))
        try:
            return await asyncio.gather(*map(engine.vote, requests))
        finally:
            await engine.close()

    return asyncio.run(run())


def test_the_server_fails_at_tokenize(server: SglangProcess) -> None:
    body = json.dumps({"messages": [{"role": "user", "content": "x"}]}).encode()
    with closing(
        HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE)
    ) as connection:
        connection.request("POST", "/tokenize", body, {"Content-Type": "application/json"})
        assert connection.getresponse().status == 400


def test_votes_are_cast_all_the_same_and_share_prefixes(
    server: SglangProcess, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    one = "The first answer. " * 40
    cast = votes(server.url, [request("Which?", one, f"other {n}") for n in range(6)])
    assert all(vote.verdict in (Verdict.FIRST, Verdict.SECOND) for vote in cast)
    assert all(vote.prompt_tokens > 100 for vote in cast)
    assert {(vote.query_tokens, vote.slot_tokens) for vote in cast} == {(0, 0)}
    assert all(vote.cached_tokens > 0.8 * vote.prompt_tokens for vote in cast)
    said = [record for record in caplog.records if "/tokenize fails" in record.getMessage()]
    assert len(said) == 1
    votes(server.url, [request("Again?", "a", "b")])
    said = [record for record in caplog.records if "/tokenize fails" in record.getMessage()]
    assert len(said) == 1, "once is enough"
