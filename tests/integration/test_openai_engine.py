"""The OpenAI-compatible engine against an endpoint on loopback that fails in every way it can."""

import asyncio
import json
import logging
import socket
from typing import Any

import pytest
from aiohttp import web
from kit.endpoints import Handler, answering, batch_for, completion, endpoint, judged, shown_first
from kit.waiting import PATIENCE

from rrm_queue.domain import JudgeSpec, NoVerdict, Verdict, Vote, Voting
from rrm_queue.errors import (
    JudgeFault,
    JudgeRefused,
    JudgeUnreachable,
    PermanentFault,
    TransientFault,
)
from rrm_queue.judging.batch_runner import BatchRunner
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.engines.openai.engine import OpenAIEngine
from rrm_queue.judging.prompt import rrm_messages
from rrm_queue.judging.vote_request import VoteRequest
from rrm_queue.messages import Answer, MatchReport

KEY = "sk-very-secret"


def vote_request(base_url: str, **settings: Any) -> VoteRequest:
    return VoteRequest(
        tournament="t",
        prompt="Which is {better}?",
        reference=None,
        one=Answer(0, "a", "one {answer2}"),
        two=Answer(1, "b", "two"),
        number=2,
        seed=123,
        swapped=True,
        judge=JudgeSpec("openai", "model", base_url=base_url, **settings),
    )


async def vote_of(
    base_url: str, *, key: str | None = KEY, seconds: float = PATIENCE, **settings: Any
) -> Vote:
    engine = OpenAIEngine(EngineSettings(base_url, key), total_seconds=seconds)
    try:
        return await engine.vote(vote_request(base_url, **settings))
    finally:
        await engine.close()


def answered(handler: Handler, **options: Any) -> Vote:
    """The vote that an endpoint's answer makes."""

    async def run() -> Vote:
        async with endpoint(handler) as base_url:
            return await vote_of(base_url, **options)

    return asyncio.run(run())


def test_the_request_is_the_rrm_prompt_with_the_judges_settings() -> None:
    requests: list[tuple[dict[str, Any], str]] = []

    async def handler(request: web.Request) -> web.Response:
        requests.append((await request.json(), request.headers["Authorization"]))
        return completion("</think>\\boxed{Assistant 1}")

    answered(handler)
    assert requests == [
        (
            {
                "model": "model",
                "messages": rrm_messages("Which is {better}?", "one {answer2}", "two"),
                "temperature": 0.6,
                "top_p": 1.0,
                "max_tokens": 8192,
                "seed": 123,
            },
            f"Bearer {KEY}",
        )
    ]


def test_a_judge_may_bring_its_settings_its_template_and_a_pattern() -> None:
    requests: list[dict[str, Any]] = []

    async def handler(request: web.Request) -> web.Response:
        requests.append(await request.json())
        return completion("\\boxed{Assistant 1}")

    template = "{{ question }}/{{ answer_1 }}/{{ answer_2 }}"
    vote = answered(handler, template=template, temperature=0.0, max_tokens=9, regex="a+")
    [request] = requests
    assert request["messages"] == [
        {"role": "user", "content": "Which is {better}?/one {answer2}/two"}
    ]
    assert (request["temperature"], request["max_tokens"], request["regex"]) == (0.0, 9, "a+")
    assert not vote.neutralised


def test_a_completion_becomes_a_vote_with_its_tokens() -> None:
    usage = {
        "prompt_tokens": 500,
        "completion_tokens": 90,
        "prompt_tokens_details": {"cached_tokens": 480},
    }
    text = "Hm.\n</think>\n\n\\boxed{Assistant 2}"
    vote = answered(answering(lambda: completion(text, usage=usage)))
    assert vote.seconds > 0
    assert (vote.number, vote.swapped, vote.seed, vote.model) == (2, True, 123, "judge-1")
    assert (vote.verdict, vote.no_verdict, vote.text) == (Verdict.SECOND, None, text)
    assert (vote.prompt_tokens, vote.cached_tokens, vote.completion_tokens) == (500, 480, 90)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_that_comes_apart_is_kept_and_not_read(field: str) -> None:
    message = {field: "Not \\boxed{Assistant 1}"}
    vote = answered(answering(lambda: completion("\\boxed{Assistant 2}", message=message)))
    assert vote.verdict is Verdict.SECOND
    assert vote.text == "Not \\boxed{Assistant 1}\n</think>\n\n\\boxed{Assistant 2}"


@pytest.mark.parametrize(
    ("content", "more", "no_verdict"),
    [
        ("\\boxed{Assistant 1} but", {"choice": {"finish_reason": "length"}}, NoVerdict.TRUNCATED),
        (
            None,
            {
                "choice": {"finish_reason": "length"},
                "message": {"reasoning": "\\boxed{Assistant 1}"},
            },
            NoVerdict.TRUNCATED,
        ),
        (None, {"usage": None}, NoVerdict.EMPTY),
        ("Both are fine.", {"usage": None}, NoVerdict.NO_BOX),
        ("\\boxed{Both}", {"usage": {"prompt_tokens_details": None}}, NoVerdict.OFF_MENU),
    ],
)
def test_a_completion_without_a_verdict_says_why(
    content: str | None, more: dict[str, Any], no_verdict: NoVerdict
) -> None:
    vote = answered(answering(lambda: completion(content, **dict(more))))
    assert (vote.verdict, vote.no_verdict) == (Verdict.NONE, no_verdict)


def fault_of(handler: Handler, **options: Any) -> JudgeFault:
    with pytest.raises(JudgeFault) as raised:
        answered(handler, **options)
    assert "\n" not in str(raised.value)
    assert KEY not in str(raised.value)
    return raised.value


@pytest.mark.parametrize("key", ["x", "EMPTY"])
def test_a_key_that_is_no_secret_may_stand_in_a_reasoning(key: str) -> None:
    text = "an EMPTY answer</think>\\boxed{Assistant 1}"
    vote = answered(answering(lambda: completion(text)), key=key)
    assert (vote.text, vote.verdict) == (text, Verdict.FIRST)


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 529])
def test_a_status_that_may_pass_is_transient(status: int) -> None:
    fault = fault_of(answering(lambda: web.Response(status=status, text="busy\nnow")))
    assert isinstance(fault, TransientFault)
    assert f"answered {status}: busy now" in str(fault)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 413, 422])
def test_a_status_that_stays_is_permanent_in_the_endpoints_own_words(status: int) -> None:
    body = {"error": {"message": f"context too long for {KEY}\n" + "x" * 5000}}
    fault = fault_of(answering(lambda: web.json_response(body, status=status)))
    assert isinstance(fault, PermanentFault)
    assert f"answered {status}: context too long for *** xxx" in str(fault)
    assert len(str(fault)) < 500


@pytest.mark.parametrize(
    "body",
    [b"", b'{"choices": []}', b'{"choices": [{}]}', b"\xff", b"[1, 2"],
)
def test_a_good_answer_that_cannot_be_read_is_no_verdict_and_is_kept(body: bytes) -> None:
    vote = answered(answering(lambda: web.Response(body=body)))
    assert (vote.verdict, vote.no_verdict) == (Verdict.NONE, NoVerdict.UNREADABLE)
    assert vote.text == body.decode("utf-8", "replace")


def test_a_web_page_in_the_place_of_an_endpoint_refuses_the_job() -> None:
    page = "<!doctype html><html>Sign in</html>"
    fault = fault_of(answering(lambda: web.Response(text=page, content_type="text/html")))
    assert isinstance(fault, JudgeRefused)
    assert "answered with a web page" in str(fault)


def test_an_error_in_a_good_answer_keeps_its_words() -> None:
    body = {"error": {"message": "provider overloaded", "code": 502}}
    assert "provider overloaded" in str(fault_of(answering(lambda: web.json_response(body))))


async def half_a_body(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"choices": [')
    assert request.transport is not None
    request.transport.close()
    return response


async def reset(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def hang(request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    return web.Response()


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" " * 2**20)


@pytest.mark.parametrize(
    ("handler", "seconds"),
    [(half_a_body, PATIENCE), (reset, PATIENCE), (hang, 0.2), (endless, PATIENCE)],
)
def test_an_answer_that_does_not_come_whole_is_transient(handler: Handler, seconds: float) -> None:
    assert isinstance(fault_of(handler, seconds=seconds), TransientFault)


def test_a_refused_connection_is_transient() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(JudgeUnreachable, match=str(port)):
        asyncio.run(vote_of(f"http://127.0.0.1:{port}/v1"))


def test_an_address_that_came_with_a_job_never_gets_the_key() -> None:
    seen: list[bool] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append("Authorization" in request.headers)
        return completion("\\boxed{Assistant 1}")

    async def run() -> None:
        async with endpoint(handler) as base_url:
            engine = OpenAIEngine(EngineSettings("https://elsewhere/v1", KEY))
            await engine.vote(vote_request(base_url))
            await engine.close()

    asyncio.run(run())
    assert seen == [False]


def test_the_key_is_in_no_repr_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    fault_of(answering(lambda: web.Response(status=500, text=KEY)))
    assert KEY not in repr(EngineSettings("https://host/v1", KEY))
    assert KEY not in caplog.text


def test_a_transient_fault_is_asked_again_a_bounded_number_of_times() -> None:
    asked: list[str] = []

    async def busy(request: web.Request) -> web.Response:
        asked.append(await shown_first(request))
        return web.Response(status=500, text="busy")

    [report] = judged(busy, attempts=3)
    assert len(asked) == 3
    assert report.failure is not None
    assert report.failure.transient
    assert "answered 500: busy" in report.failure.reason


def test_an_endpoint_that_recovers_gives_the_vote() -> None:
    responses = iter([500, 429, 503, 200])

    async def recovering(request: web.Request) -> web.Response:
        status = next(responses)
        if status != 200:
            return web.Response(status=status, headers={"Retry-After": "0.05"})
        return completion("\\boxed{Assistant 1}")

    [report] = judged(recovering)
    assert report.failure is None
    assert [vote.verdict for vote in report.votes] == [Verdict.FIRST]


def test_votes_that_were_cast_beside_a_fault_are_kept() -> None:
    async def refuses_swapped(request: web.Request) -> web.Response:
        if await shown_first(request) == "answer-1":
            return web.json_response({"detail": "prompt too long"}, status=400)
        return completion("\\boxed{Assistant 1}")

    [report] = judged(refuses_swapped, voting=Voting(3))
    assert [vote.number for vote in report.votes] == [1]
    assert report.failure is not None
    assert not report.failure.transient
    assert "prompt too long" in report.failure.reason


def test_a_judge_that_favours_a_slot_makes_a_draw_of_even_votes() -> None:
    [report] = judged(answering(lambda: completion("\\boxed{Assistant 1}")), voting=Voting(2))
    assert [(vote.swapped, vote.verdict) for vote in report.votes] == [
        (False, Verdict.FIRST),
        (True, Verdict.FIRST),
    ]


def test_votes_in_flight_never_exceed_the_concurrency() -> None:
    in_flight = most = 0
    full = asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        if in_flight == 4:
            full.set()
        await full.wait()
        in_flight -= 1
        return completion("\\boxed{Assistant 1}")

    reports = judged(handler, matches=20, concurrency=4)
    assert len(reports) == 20
    assert most == 4


def test_a_match_is_reported_before_the_batch_is_over() -> None:
    async def run() -> list[int]:
        first_reported = asyncio.Event()
        order: list[int] = []

        async def handler(request: web.Request) -> web.Response:
            if await shown_first(request) == "answer-0":
                await first_reported.wait()
            return completion("\\boxed{Assistant 1}")

        async def report(one: MatchReport) -> None:
            order.append(one.match)
            first_reported.set()

        async with endpoint(handler) as base_url:
            panel = BatchRunner(EngineSettings(), concurrency=2)
            await panel.judge(batch_for(base_url, Voting(), 2), report)
            await panel.close()
        return order

    assert asyncio.run(run()) == [1, 0]


def test_cancelling_a_batch_ends_its_votes() -> None:
    async def run() -> None:
        asked, left = asyncio.Event(), asyncio.Event()

        async def handler(request: web.Request) -> web.Response:
            asked.set()
            try:
                await asyncio.Event().wait()
            finally:
                left.set()
            return web.Response()

        async def report(one: MatchReport) -> None:
            raise AssertionError(one)

        async with endpoint(handler) as base_url:
            panel = BatchRunner(EngineSettings(), concurrency=2)
            judging = asyncio.create_task(panel.judge(batch_for(base_url, Voting()), report))
            await asked.wait()
            judging.cancel()
            with pytest.raises(asyncio.CancelledError):
                await judging
            await asyncio.wait_for(left.wait(), PATIENCE)
            await panel.close()

    asyncio.run(run())


def test_the_request_body_survives_any_text() -> None:
    async def echo(request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        return completion(body["messages"][1]["content"])

    vote = answered(echo)
    assert "one {answer2}" in vote.text
