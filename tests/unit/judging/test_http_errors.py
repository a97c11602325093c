"""What answers of real servers mean."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from rrm_queue.errors import (
    JudgeBusy,
    JudgeFault,
    JudgeRefused,
    PromptFiltered,
    RequestRejected,
    TransientFault,
)
from rrm_queue.judging.engines.http_errors import (
    fault_in_good_answer,
    fault_of,
    retry_after,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PAGE = b"<!DOCTYPE html>\n<html><body>Welcome to nginx!</body></html>"


def error(message: str, **more: Any) -> bytes:
    return json.dumps({"error": {"message": message, **more}}).encode()


ANSWERS: dict[str, tuple[int, bytes, type[JudgeFault]]] = {
    # wait
    "OpenAI, rate limit": (
        429,
        error(
            "Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM): Limit "
            "30000, Used 29000, Requested 2000. Please try again in 2s.",
            type="tokens",
            param=None,
            code="rate_limit_exceeded",
        ),
        JudgeBusy,
    ),
    "OpenAI, overloaded": (
        503,
        error("The engine is currently overloaded, please try again later", type="server_error"),
        JudgeBusy,
    ),
    "Azure, rate limit": (
        429,
        error(
            "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version "
            "2024-06-01 have exceeded token rate limit of your current OpenAI S0 pricing tier. "
            "Please retry after 6 seconds.",
            code="429",
        ),
        JudgeBusy,
    ),
    "Anthropic, overloaded": (
        529,
        json.dumps(
            {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
        ).encode(),
        JudgeBusy,
    ),
    "Anthropic, rate limit": (
        429,
        json.dumps(
            {
                "type": "error",
                "error": {
                    "type": "rate_limit_error",
                    "message": "This request would exceed your organization's rate limit",
                },
            }
        ).encode(),
        JudgeBusy,
    ),
    "OpenRouter, rate limit": (
        429,
        error(
            "Rate limit exceeded: free-models-per-min. ",
            code=429,
            metadata={"headers": {"X-RateLimit-Limit": "20"}},
        ),
        JudgeBusy,
    ),
    "DeepSeek, overloaded": (503, error("Server overloaded"), JudgeBusy),
    "TGI, overloaded": (
        429,
        b'{"error":"Model is overloaded","error_type":"overloaded"}',
        JudgeBusy,
    ),
    "SGLang, queue full": (
        503,
        b'{"object":"error","message":"The request queue is full.",'
        b'"type":"Service Unavailable","param":null,"code":503}',
        JudgeBusy,
    ),
    "a proxy that is draining": (503, b"upstream connect error", JudgeBusy),
    "Groq, capacity": (498, error("Flex tier capacity exceeded"), JudgeBusy),
    # try again
    "OpenAI, server error": (
        500,
        error("The server had an error while processing your request", type="server_error"),
        TransientFault,
    ),
    "nginx, bad gateway": (502, b"<html><h1>502 Bad Gateway</h1></html>", TransientFault),
    "nginx, gateway timeout": (504, b"<html><h1>504</h1></html>", TransientFault),
    "vLLM, internal": (
        500,
        b'{"object":"error","message":"EngineCore encountered an issue.",'
        b'"type":"InternalServerError","param":null,"code":500}',
        TransientFault,
    ),
    "request timeout": (408, b"", TransientFault),
    # stop the job
    "OpenAI, no quota": (
        429,
        error(
            "You exceeded your current quota, please check your plan and billing details.",
            type="insufficient_quota",
            param=None,
            code="insufficient_quota",
        ),
        JudgeRefused,
    ),
    "OpenAI, wrong key": (
        401,
        error("Incorrect API key provided", type="invalid_request_error", code="invalid_api_key"),
        JudgeRefused,
    ),
    "OpenAI, no access": (
        403,
        error("Project `proj_x` does not have access to model `gpt-4o`", code="model_not_found"),
        JudgeRefused,
    ),
    "OpenAI, no such model": (
        404,
        error("The model `m` does not exist or you do not have access to it.", type="x"),
        JudgeRefused,
    ),
    "Azure, no deployment": (
        404,
        error("The API deployment for this resource does not exist.", code="DeploymentNotFound"),
        JudgeRefused,
    ),
    "Anthropic, no credit": (
        400,
        json.dumps(
            {
                "type": "error",
                "error": {
                    "type": "invalid_request_error",
                    "message": "Your credit balance is too low to access the Anthropic API.",
                },
            }
        ).encode(),
        JudgeRefused,
    ),
    "DeepSeek, no balance": (
        402,
        error("Insufficient Balance", type="unknown_error", code="invalid_request_error"),
        JudgeRefused,
    ),
    "OpenRouter, no credits": (402, error("Insufficient credits", code=402), JudgeRefused),
    "Moonshot, no balance": (
        429,
        error("Your account is suspended", type="exceeded_current_quota_error"),
        JudgeRefused,
    ),
    "vLLM, no such model": (
        404,
        b'{"object":"error","message":"The model `m` does not exist.",'
        b'"type":"NotFoundError","param":null,"code":404}',
        JudgeRefused,
    ),
    "a web page for a wrong path": (404, PAGE, JudgeRefused),
    "a redirect": (301, b"", JudgeRefused),
    # the same on the first matches stops the job, later only the match
    "OpenAI, parameter": (
        400,
        error("Unsupported parameter: 'max_tokens'", code="unsupported_parameter"),
        RequestRejected,
    ),
    "vLLM, context": (
        400,
        b'{"object":"error","message":"This model\'s maximum context length is 4096 tokens.",'
        b'"type":"BadRequestError","param":null,"code":400}',
        RequestRejected,
    ),
    "TGI, validation": (
        422,
        b'{"error":"Input validation error: `inputs` must have less than 4096 tokens",'
        b'"error_type":"validation"}',
        RequestRejected,
    ),
    # not this match
    "Azure, filter": (
        400,
        error(
            "The response was filtered due to the prompt triggering the content policy.",
            code="content_filter",
            innererror={"code": "ResponsibleAIPolicyViolation"},
        ),
        PromptFiltered,
    ),
    "DeepSeek, filter": (400, error("Content Exists Risk"), PromptFiltered),
    "OpenRouter, moderation": (
        403,
        error(
            "m requires moderation on p. Your input was flagged for x",
            code=403,
            metadata={"reasons": ["x"], "flagged_input": "..."},
        ),
        PromptFiltered,
    ),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_an_answer_means(case: str) -> None:
    status, body, kind = ANSWERS[case]
    fault = fault_of("http://host", status, {}, body, NOW)
    assert type(fault) is kind
    assert fault.detail.startswith(f"http://host answered {status}: ")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "60"}, 60),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "Fri, 02 Jan 2026 03:05:05 GMT"}, 60),
        ({"retry-after": "Fri, 02 Jan 2026 03:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, 0),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "nan"}, 0),
        ({"retry-after": "inf"}, 0),
        ({}, 0),
    ],
)
def test_how_long_a_server_asks_to_wait(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers, NOW) == seconds
    busy = fault_of("http://host", 429, headers, b"", NOW)
    assert isinstance(busy, JudgeBusy)
    assert busy.retry_after == seconds


def test_a_server_error_that_says_when_to_come_back_asks_to_wait() -> None:
    assert isinstance(fault_of("h", 500, {"retry-after": "3"}, b"", NOW), JudgeBusy)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PAGE, JudgeRefused),
        (b"\xef\xbb\xbf <html>", JudgeRefused),
        (error("provider overloaded", code=502), TransientFault),
        (error("Rate limit exceeded", code=429), JudgeBusy),
        (error("Insufficient credits", code=402), JudgeRefused),
        (error("odd", code="x"), TransientFault),
        (b"", TransientFault),
        (b'{"choices": []}', TransientFault),
        (b"[1, 2", TransientFault),
    ],
)
def test_a_good_answer_without_a_completion_means(body: bytes, kind: type[JudgeFault]) -> None:
    assert type(fault_in_good_answer("http://host", body, NOW)) is kind
