"""SGLang's own OpenAI-compatible routes, as a job and `rrmq doctor --judge` use any endpoint."""

import asyncio
import json
import logging
from typing import Any

import pytest
from kit.sglang_process import SglangProcess

from rrm_queue.domain import JudgeSpec, NoVerdict, Verdict, Vote
from rrm_queue.errors import RequestRejected
from rrm_queue.judging.engines import open_engine
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.vote_request import VoteRequest
from rrm_queue.messages import Answer

ANSWERS = (Answer(0, "a", "It is 42."), Answer(1, "b", "It is 41."))
BOX = r"[a-z ]{4,20}\\boxed\{Assistant (1|2)\}"


def request(judge: JudgeSpec, prompt: str) -> VoteRequest:
    return VoteRequest("t", prompt, None, *ANSWERS, number=1, seed=1, swapped=False, judge=judge)


def votes_of(
    server: SglangProcess, judge: JudgeSpec, *, count: int = 1, prompt: str = "6 times 7?"
) -> list[Vote]:
    """The votes of the judge at the server, one after the other."""

    async def run() -> list[Vote]:
        engine = open_engine(judge, EngineSettings(sglang_url=server.url))
        try:
            return [await engine.vote(request(judge, prompt)) for _ in range(count)]
        finally:
            await engine.close()

    return asyncio.run(run())


def asked(server: SglangProcess, *, count: int = 1, prompt: str = "?", **judge: Any) -> list[Vote]:
    """The votes of an `openai` judge at the server's own routes."""
    spec = JudgeSpec("openai", "tiny", base_url=f"{server.url}/v1", **judge)
    return votes_of(server, spec, count=count, prompt=prompt)


def test_a_budget_as_large_as_the_context_is_fitted_into_it(
    sglang_server: SglangProcess, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    votes = asked(sglang_server, count=2, regex=BOX, max_tokens=8192)
    assert all(vote.verdict in (Verdict.FIRST, Verdict.SECOND) for vote in votes)
    told = [record for record in caplog.records if "8,192 tokens" in record.getMessage()]
    assert len(told) == 1


def test_a_prompt_longer_than_the_context_is_rejected_in_the_servers_words(
    sglang_server: SglangProcess,
) -> None:
    with pytest.raises(RequestRejected, match="context length"):
        asked(sglang_server, prompt="a b c d e f g h. " * 2000, regex=BOX)


def test_parameters_may_be_left_out_and_added(sglang_server: SglangProcess) -> None:
    left_out = ("temperature", "top_p", "seed")
    [vote] = asked(sglang_server, omit=left_out, extra={"top_k": 1, "regex": BOX}, max_tokens=64)
    assert vote.verdict in (Verdict.FIRST, Verdict.SECOND)
    assert 0 < vote.completion_tokens <= 64


@pytest.mark.parametrize(
    ("judge", "reason"),
    [
        ({}, None),
        ({"thinks": False}, None),
        ({"thinks": True}, NoVerdict.TRUNCATED),
        ({"argument": "rrm-7b"}, NoVerdict.TRUNCATED),
    ],
    ids=str,
)
def test_a_judge_that_does_not_think_is_read_as_a_whole(
    sglang_server: SglangProcess, judge: dict[str, Any], reason: NoVerdict | None
) -> None:
    """The text has no `</think>`; the sampling's own regex leaves it open whether one must come."""
    settings: dict[str, Any] = {"argument": "tiny", "max_tokens": 64, "extra": {"regex": BOX}}
    spec = JudgeSpec("sglang", **settings | judge)

    [vote] = votes_of(sglang_server, spec)
    assert "</think>" not in vote.text
    assert vote.no_verdict is reason, json.dumps(vote.text)
