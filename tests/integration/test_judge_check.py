"""`rrmq doctor --judge`, and what this machine's settings add to requests of an endpoint."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from kit.command import Rrmq
from kit.endpoints import Handler, answering, completion, endpoint

from rrm_queue.actions.judge_check import JudgeTrial, checks_of, try_judge
from rrm_queue.actions.redaction import secrets_of
from rrm_queue.actions.request import SubmitOptions
from rrm_queue.config import Secret, Settings
from rrm_queue.errors import UsageFault
from rrm_queue.judging.engines.openai.connection import proxy_of

SECRET, TOKEN = "a-very-secret-key", "another/secret token"
USAGE = {"prompt_tokens": 400, "completion_tokens": 20}


def tried(handler: Handler, *, judge: str = "openai:m", **more: Any) -> JudgeTrial:
    """The trial of a judge at an endpoint; `settings` of `more` are the machine's."""
    settings: dict[str, Any] = more.pop("settings", {})

    async def run() -> JudgeTrial:
        async with endpoint(handler) as base_url:
            machine = Settings(openai_base_url=base_url, **settings)
            return await asyncio.to_thread(try_judge, machine, SubmitOptions(judge=judge, **more))

    return asyncio.run(run())


def lines(trial: JudgeTrial) -> str:
    return "\n".join(f"{check.name} {check.well} {check.detail}" for check in checks_of(trial))


def test_a_judge_that_answers_is_told_with_its_verdict_and_its_figures() -> None:
    trial = tried(answering(lambda: completion("\\boxed{Assistant 1}", usage=USAGE)), price="1,10")
    assert (trial.reachable, trial.error, trial.verdict, trial.right) == (True, None, "first", True)
    said = lines(trial)
    assert all(check.well for check in checks_of(trial))
    assert "answer True by judge-1" in said
    assert "verdict True for the better answer" in said
    assert "400 prompt tokens (0 cached), 20 completion tokens" in said
    assert trial.cost == pytest.approx((400 * 1 + 20 * 10) / 1e6)


def test_a_verdict_that_is_not_read_is_told_with_the_text_and_a_remedy() -> None:
    trial = tried(answering(lambda: completion("I prefer the first.")))
    [check] = [check for check in checks_of(trial) if not check.well]
    assert "none (no box)" in check.detail
    assert "I prefer the first." in check.detail
    assert "template" in str(check.remedy)


def test_what_was_adapted_is_told() -> None:
    async def handler(request: web.Request) -> web.Response:
        if "seed" in await request.json():
            error = {"message": "Unsupported parameter: 'seed'", "param": "seed"}
            return web.json_response({"error": error}, status=400)
        return completion("\\boxed{Assistant 2}")

    trial = tried(handler)
    assert (trial.verdict, trial.right) == ("second", False)
    assert trial.adapted == "seed is not sent, because the endpoint refuses it"
    assert "seed is not sent" in lines(trial)


def test_a_missing_key_is_named() -> None:
    refused = {"error": {"message": "You didn't provide an API key."}}
    trial = tried(answering(lambda: web.json_response(refused, status=401)))
    assert trial.error is not None
    assert "You didn't provide an API key." in trial.error
    assert trial.remedy is not None
    assert trial.remedy.startswith("set RRMQ_OPENAI_API_KEY")
    assert "key True not set" in lines(trial)


def test_headers_and_parameters_of_the_settings_are_sent_and_kept_secret() -> None:
    seen: list[tuple[str, str, str | None]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(
            (
                request.headers["api-key"],
                request.query["api-version"],
                request.headers.get("Authorization"),
            )
        )
        return completion(f"You sent {SECRET} and {request.query['code']}. \\boxed{{Assistant 1}}")

    settings: dict[str, Any] = {
        "openai_headers": {"api-key": Secret(SECRET)},
        "openai_query": Secret(f"api-version=2024-10-21&code={TOKEN}"),
    }
    trial = tried(handler, settings=settings)
    assert seen == [(SECRET, "2024-10-21", None)]
    assert (trial.verdict, trial.has_key) == ("first", True)
    assert trial.text == "You sent *** and ***. \\boxed{Assistant 1}"
    assert {SECRET, TOKEN} <= secrets_of(Settings(**settings))
    assert SECRET not in repr(Settings(**settings))


def test_fields_are_left_out_and_added_but_never_the_model_or_the_prompt() -> None:
    bodies: list[dict[str, Any]] = []

    async def handler(request: web.Request) -> web.Response:
        bodies.append(await request.json())
        return completion("\\boxed{Assistant 1}")

    tried(handler, sampling={"temperature": "", "seed": None}, extra={"top_k": 5, "x": {"y": [1]}})
    assert bodies[0].keys() == {"model", "messages", "top_p", "max_tokens", "top_k", "x"}
    assert (bodies[0]["top_k"], bodies[0]["x"]) == (5, {"y": [1]})


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"model": "other"}, "rrmq sets it itself"),
        ({"messages": []}, "rrmq sets it itself"),
        ({"stream": True}, "rrmq sets it itself"),
        ({"temperature": 1}, "sampling"),
        ({"a b": 1}, "no name of a field"),
        ({"a": "x" * 20_000}, "at most 16,384"),
        ({"a": object()}, "no JSON"),
    ],
)
def test_a_field_that_cannot_be_added_is_refused(extra: dict[str, object], said: str) -> None:
    options = SubmitOptions(judge="openai:m", extra=extra)
    with pytest.raises(UsageFault, match=said):
        try_judge(Settings(), options)


def test_a_judge_that_needs_a_server_or_a_file_says_so(tmp_path: Path) -> None:
    recorded = tmp_path / "verdicts.jsonl"
    recorded.touch()
    with pytest.raises(UsageFault, match="SGLang server"):
        try_judge(Settings(), SubmitOptions(judge="rrm-7b"))
    with pytest.raises(UsageFault, match="its file"):
        try_judge(Settings(), SubmitOptions(judge=f"replay:{recorded}"))


@pytest.mark.parametrize(
    ("url", "proxies", "expected"),
    [
        ("https://api.x.com/v1", {"https": "http://p:1"}, "http://p:1"),
        ("https://api.x.com/v1", {"http": "http://p:1"}, None),
        ("https://api.x.com/v1", {"https": "http://p:1", "no": "x.com"}, None),
        ("https://api.x.com/v1", {"https": "http://p:1", "no": "*"}, None),
        ("https://api.x.com/v1", {"all": "http://p:1"}, "http://p:1"),
        ("http://localhost:8000/v1", {"http": "http://p:1"}, None),
        ("http://127.0.0.1:8000/v1", {"http": "http://p:1"}, None),
        ("http://[::1]:8000/v1", {"http": "http://p:1"}, None),
        ("http://gpu-1:8000/v1", {"http": "http://p:1"}, "http://p:1"),
    ],
)
def test_a_proxy_is_for_other_machines(
    url: str, proxies: dict[str, str], expected: str | None
) -> None:
    assert proxy_of(url, proxies) == expected


def test_the_command_prints_json_and_its_exit_code_says_whether_all_is_well(
    tmp_path: Path,
) -> None:
    address = {"RRMQ_HOME": str(tmp_path), "RRMQ_OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    rrmq = Rrmq(os.environ | address)
    assert json.loads(rrmq.ok("doctor", "--judge", "simulated:1.0", "--json"))["right"] is True
    bad = rrmq("doctor", "--judge", "openai:m", "--json")
    told = json.loads(bad.stdout)
    assert (bad.returncode, told["well"], told["reachable"]) == (1, False, False)
    assert "could not be reached" in told["error"]
