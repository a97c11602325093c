"""Every form in which an endpoint may answer: read rightly, or no verdict with a reason.

The shared cases are served where the folder lies beside the repository; the rows here have the same
shapes and are always served.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import web
from kit.endpoints import Handler, batch_for, endpoint, judged

from rrm_queue.domain import NoVerdict, Verdict, Voting
from rrm_queue.judging.batch_runner import BatchRunner
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.messages import MatchReport

CASES = Path(__file__).parents[3] / "shared" / "cases"
ONCE = Voting(resamples=0)
ONE = r"\boxed{Assistant 1}"


class Case(NamedTuple):
    """What an endpoint answers, and the vote that it makes: a verdict or the reasons of none."""

    answer: web.Response | bytes | dict[str, Any]
    verdict: Verdict = Verdict.FIRST
    reasons: frozenset[NoVerdict] = frozenset()


def said(content: object, finish: str | None = "stop", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, **more.pop("message", {})}
    return {"choices": [{"message": message, "finish_reason": finish}], **more}


def silent(answer: Any, *reasons: NoVerdict) -> Case:
    return Case(answer, Verdict.NONE, frozenset(reasons))


OWN: dict[str, Case] = {
    "parts": Case(said([{"type": "text", "text": "It is "}, {"type": "text", "text": ONE}])),
    "parts with thinking": Case(
        said(
            [
                {
                    "type": "thinking",
                    "thinking": [{"type": "text", "text": r"\boxed{Assistant 2}"}],
                },
                {"type": "text", "text": ONE},
            ]
        )
    ),
    "a part that is a text": Case(said([ONE])),
    "one part": Case(said({"type": "output_text", "text": ONE})),
    "a refusal among the parts": silent(
        said([{"type": "refusal", "refusal": "I will not."}]), NoVerdict.REFUSED
    ),
    "reasoning in details": Case(
        said(
            ONE,
            message={
                "reasoning_details": [
                    {"type": "reasoning.text", "text": r"\boxed{Assistant 2}"},
                    {"type": "reasoning.encrypted", "data": "AA=="},
                ]
            },
        )
    ),
    "reasoning alone, in parts": Case(
        said(None, message={"reasoning": [{"type": "text", "text": ONE}]})
    ),
    "a text in place of a message": Case({"choices": [{"text": ONE, "finish_reason": "stop"}]}),
    "no reason to stop": Case(said(ONE, None)),
    "odd figures": Case(
        said(
            ONE, usage={"prompt_tokens": 10.0, "completion_tokens": "5", "cost": 1e400}, model=None
        )
    ),
    "bytes that are no UTF-8": Case(
        json.dumps(said(f"Good. {ONE}")).encode().replace(b"Good", b"G\xc3\x28d")
    ),
    "half a pair": Case(
        json.dumps(said(f"Good? {ONE}")).encode().replace(b"Good?", rb"Good\ud83d")
    ),
    "a control character": Case(json.dumps(said(f"Good?{ONE}")).encode().replace(b"?", b"\x07")),
    "a byte order mark": Case(b"\xef\xbb\xbf" + json.dumps(said(ONE)).encode()),
    "nothing": silent(said(""), NoVerdict.EMPTY),
    "white space": silent(said(" \n"), NoVerdict.EMPTY),
    "nothing, and the budget is used up": silent(said("", "length"), NoVerdict.TRUNCATED),
    "only a call of a tool": silent(
        said(None, "tool_calls", message={"tool_calls": [{"function": {"name": "f"}}]}),
        NoVerdict.EMPTY,
    ),
    "a refusal": silent(
        said(None, message={"refusal": "I cannot compare these."}), NoVerdict.REFUSED
    ),
    "Anthropic's refusal": silent(said("", "refusal"), NoVerdict.REFUSED),
    "a filter": silent(said("I think", "content_filter"), NoVerdict.FILTERED),
    "Gemini's filter": silent(said("", "SAFETY"), NoVerdict.FILTERED),
    "a filter that cut a verdict": silent(said(ONE, "content_filter"), NoVerdict.FILTERED),
    "Azure's filter of the prompt": silent(
        web.json_response(
            {
                "error": {
                    "message": "The response was filtered due to the prompt triggering Azure "
                    "OpenAI's content management policy.",
                    "param": "prompt",
                    "code": "content_filter",
                    "innererror": {"code": "ResponsibleAIPolicyViolation"},
                }
            },
            status=400,
        ),
        NoVerdict.FILTERED,
    ),
    "OpenRouter's moderation": silent(
        web.json_response(
            {"error": {"message": "m requires moderation. Your input was flagged", "code": 403}},
            status=403,
        ),
        NoVerdict.FILTERED,
    ),
    "a filter in a good answer": silent(
        {"error": {"message": "filtered", "code": "content_filter"}}, NoVerdict.FILTERED
    ),
    "no choices": silent({"choices": None, "object": "chat.completion"}, NoVerdict.UNREADABLE),
    "not JSON": silent(b"Hello.", NoVerdict.UNREADABLE),
    "half of it": silent(json.dumps(said(ONE)).encode()[:-9], NoVerdict.UNREADABLE),
}


SHARED = {
    "08-boxed-text": Case({}),
    "11-content-parts": Case({}),
    "12-lone-surrogate": Case({}),
    "13-all-in-reasoning": Case({}),
    "25-float-usage": Case({}),
    "25c-refusal-and-filter": silent({}, NoVerdict.REFUSED, NoVerdict.FILTERED),
    "26-unclosed-thinking": silent({}, *NoVerdict),
    "26b-instruction-echoed": silent({}, *NoVerdict),
}
"""What the table of the shared cases says is right; the others are below, one test each."""


def shared(name: str) -> dict[str, Any]:
    file = CASES / "30-completions.json"
    if not file.exists():
        pytest.skip("the shared cases are not beside the repository")
    case: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))[name]
    return case


def bodies(case: dict[str, Any]) -> Iterator[bytes]:
    """The body of a shared case, and the same with each of its other texts."""
    if "raw" in case:
        yield case["raw"].encode()
        return
    prefix = case.get("raw_prefix", "").encode()
    yield prefix + json.dumps(case["body"]).encode()
    for text in case.get("also", []):
        case["body"]["choices"][0]["message"]["content"] = text
        yield json.dumps(case["body"]).encode()


def serving(answer: web.Response | bytes | dict[str, Any], status: int = 200) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        if isinstance(answer, web.Response):
            return web.Response(body=answer.body, status=answer.status)
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return web.Response(body=body, status=status, content_type="application/json")

    return handler


def check(case: Case, answer: web.Response | bytes | dict[str, Any]) -> None:
    [report] = judged(serving(answer), voting=ONCE)
    assert report.failure is None
    [vote] = report.votes
    assert vote.verdict is case.verdict
    assert (vote.no_verdict in case.reasons) is (vote.verdict is Verdict.NONE)


@pytest.mark.parametrize("name", OWN)
def test_an_answer_is_read_or_says_why_not(name: str) -> None:
    check(OWN[name], OWN[name].answer)


@pytest.mark.parametrize("name", SHARED)
def test_a_shared_case_comes_out_as_its_table_says(name: str) -> None:
    for body in bodies(shared(name)):
        check(SHARED[name], body)


def test_what_a_judge_said_of_its_refusal_is_kept() -> None:
    [report] = judged(serving(OWN["a refusal"].answer), voting=ONCE)
    assert report.votes[0].text == "I cannot compare these."


def test_what_works_goes_on_working() -> None:
    file = CASES / "passes" / "12-completions.json"
    if not file.exists():
        pytest.skip("the shared cases are not beside the repository")
    for name, case in json.loads(file.read_text(encoding="utf-8")).items():
        if "then" in case:  # endpoints that recover have tests in `test_waiting.py`
            continue
        [report] = judged(serving(next(bodies(case))), voting=ONCE)
        [vote] = report.votes
        expected = Verdict.NONE if case["verdict"] is None else Verdict.FIRST
        assert vote.verdict is expected, name


def counted(answers: list[web.Response]) -> tuple[Handler, list[int]]:
    """Serves the answers one after the other, the last for ever; and how many were asked for."""
    asked: list[int] = []

    async def handler(request: web.Request) -> web.Response:
        answer = answers[min(len(asked), len(answers) - 1)]
        asked.append(answer.status)
        return web.Response(body=answer.body, status=answer.status, headers=answer.headers)

    return handler, asked


def test_a_choice_that_holds_an_error_is_asked_for_again() -> None:
    body = {
        "choices": [
            {
                "message": {"role": "assistant", "content": ""},
                "finish_reason": "error",
                "error": {"code": 502, "message": "upstream"},
            }
        ]
    }
    handler, asked = counted([web.json_response(body), web.json_response(said(ONE))])
    [report] = judged(handler, voting=ONCE)
    assert (len(asked), report.votes[0].verdict) == (2, Verdict.FIRST)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, {"message": "You exceeded your current quota.", "code": "insufficient_quota"}),
        (403, {"message": "Project does not have access to model", "code": "model_not_found"}),
        (401, {"message": "Incorrect API key", "code": "invalid_api_key"}),
        (402, {"message": "This request requires more credits", "code": 402}),
        (200, {"message": "You exceeded your current quota.", "code": "insufficient_quota"}),
        (200, {"message": "No auth credentials found", "code": 401}),
    ],
)
def test_no_money_and_no_access_refuse_the_job_at_once(status: int, error: dict[str, Any]) -> None:
    handler, asked = counted([web.json_response({"error": error}, status=status)])
    [report] = judged(handler, voting=ONCE)
    assert len(asked) == 1
    assert report.failure is not None
    assert report.failure.refused


def test_a_prompt_that_was_filtered_is_not_sent_again() -> None:
    filtered = OWN["Azure's filter of the prompt"].answer
    assert isinstance(filtered, web.Response)
    handler, asked = counted([filtered])
    [report] = judged(handler, voting=Voting(resamples=2))
    assert (len(asked), report.votes[0].no_verdict) == (1, NoVerdict.FILTERED)
    assert "content management policy" in report.votes[0].text


def strict(*refused: str, context: int = 0, prompt_tokens: int = 500) -> tuple[Handler, list[Any]]:
    """An endpoint that refuses these parameters, naming one at a time; and what it was sent.

    With `context` it also refuses what its context does not hold.
    """
    sent: list[Any] = []

    async def handler(request: web.Request) -> web.Response:
        body = await request.json()
        sent.append(body)
        for name in refused:
            if name in body:
                more = " Use 'max_completion_tokens' instead." if name == "max_tokens" else ""
                text = f"Unsupported parameter: '{name}' is not supported with this model.{more}"
                error = {"message": text, "param": name, "code": "unsupported_parameter"}
                return web.json_response({"error": error}, status=400)
        budget = body.get("max_tokens", body.get("max_completion_tokens", 0))
        if context and prompt_tokens + budget > context:
            text = (
                f"This model's maximum context length is {context} tokens. However, you requested "
                f"{prompt_tokens + budget} tokens ({prompt_tokens} in the messages, {budget} in "
                "the completion). Please reduce the length of the messages or completion."
            )
            return web.json_response({"object": "error", "message": text, "code": 400}, status=400)
        usage = {"prompt_tokens": prompt_tokens, "completion_tokens": 5}
        return web.json_response(said(ONE, usage=usage))

    return handler, sent


def votes(reports: list[MatchReport]) -> list[Verdict]:
    assert not any(report.failure for report in reports)
    return [vote.verdict for report in reports for vote in report.votes]


def test_an_endpoint_that_refuses_parameters_is_adapted_to(
    caplog: pytest.LogCaptureFixture,
) -> None:
    handler, sent = strict("max_tokens", "temperature", "top_p", "seed")
    reports = judged(handler, voting=ONCE, matches=20, concurrency=1, attempts=1)
    assert votes(reports) == [Verdict.FIRST] * 20
    assert len(sent) == 24, "four refused probes, then one request a match"
    assert sent[-1].keys() == {"model", "messages", "max_completion_tokens"}
    told = [record for record in caplog.records if "refuses" in record.getMessage()]
    assert len(told) == 1


def test_many_requests_at_once_learn_from_each_other() -> None:
    handler, sent = strict("max_tokens", "seed")
    assert votes(judged(handler, voting=ONCE, matches=40, concurrency=8)) == [Verdict.FIRST] * 40
    assert len(sent) <= 56
    assert sent[-1]["max_completion_tokens"] == 8192


@pytest.mark.parametrize("name", ["09-max-tokens"])
def test_the_shared_case_of_refused_parameters(name: str) -> None:
    case = shared(name)

    async def handler(request: web.Request) -> web.Response:
        body = await request.json()
        plain = body.get("temperature", 1) == 1 and body.get("top_p", 1) == 1
        if "max_tokens" in body or "seed" in body or not plain:
            error = dict(case["body"]["error"])
            if "max_tokens" not in body:
                wrong = "seed" if "seed" in body else "temperature"
                error = {"message": f"Unsupported parameter: '{wrong}'", "param": wrong}
            return web.json_response({"error": error}, status=case["status"])
        return web.json_response(said(ONE))

    assert votes(judged(handler, voting=ONCE)) == [Verdict.FIRST]


def test_an_answer_gets_what_the_context_leaves(caplog: pytest.LogCaptureFixture) -> None:
    handler, sent = strict(context=4096)
    reports = judged(handler, voting=ONCE, matches=10, concurrency=1, attempts=1)
    assert votes(reports) == [Verdict.FIRST] * 10
    assert len(sent) == 11
    assert 3500 <= sent[-1]["max_tokens"] <= 3596
    told = [record for record in caplog.records if "4,096 tokens" in record.getMessage()]
    assert len(told) == 1


def test_a_prompt_that_fills_the_context_is_still_rejected() -> None:
    handler, sent = strict(context=4096, prompt_tokens=4090)
    [report] = judged(handler, voting=ONCE)
    assert len(sent) == 1
    assert report.failure is not None
    assert report.failure.rejected
    assert "maximum context length" in report.failure.reason


def test_a_refusal_that_no_change_helps_is_the_matches_own() -> None:
    sent: list[Any] = []

    async def handler(request: web.Request) -> web.Response:
        sent.append(await request.json())
        text = "the parameter seed is not supported in the year 2026"
        return web.json_response({"error": {"message": text}}, status=400)

    reports = judged(handler, voting=ONCE, matches=3, concurrency=1)
    assert all(report.failure and report.failure.rejected for report in reports)
    assert len(sent) == 6
    assert all("seed" in body for body in sent[::2]), "what did not help is forgotten"


def test_a_runner_tells_once_for_each_job_what_it_found_out() -> None:
    handler, _ = strict("seed")

    async def ignore(report: MatchReport) -> None:
        pass

    async def run() -> None:
        async with endpoint(handler) as base_url:
            runner = BatchRunner(EngineSettings(), concurrency=2)
            await runner.judge(batch_for(base_url, ONCE), ignore)
            assert runner.news() == (
                {},
                {"job": "seed is not sent, because the endpoint refuses it"},
            )
            assert runner.news() == ({}, {})
            await runner.close()

    asyncio.run(run())
