"""What endpoints say of parameters that they do not take, in the words of real ones."""

import json
from typing import Any

import pytest

from rrm_queue.judging.engines.openai.refusal import Refusal, refusal_of

SENT: dict[str, Any] = {
    "model": "m",
    "messages": [{"role": "user", "content": "x" * 40_000}],
    "temperature": 0.6,
    "top_p": 1.0,
    "max_tokens": 8192,
    "seed": 7,
}


def unwanted(*names: str, renamed: bool = False) -> Refusal:
    return Refusal(frozenset(names), renamed=renamed)


def error(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}


FORBIDDEN = {"type": "extra_forbidden", "msg": "Extra inputs are not permitted"}
BOTH = "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
MESSAGES: dict[str, tuple[int, Any, Refusal | None]] = {
    "OpenAI, max_tokens": (
        400,
        error(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
            "'max_completion_tokens' instead.",
            param="max_tokens",
            code="unsupported_parameter",
        ),
        unwanted(renamed=True),
    ),
    "OpenAI, temperature": (
        400,
        error(
            "Unsupported value: 'temperature' does not support 0.6 with this model. Only the "
            "default (1) value is supported.",
            param="temperature",
            code="unsupported_value",
        ),
        unwanted("temperature"),
    ),
    "Azure, top_p": (
        400,
        error(
            "Unsupported parameter: 'top_p' is not supported with this model.",
            param="top_p",
            code="unsupported_parameter",
        ),
        unwanted("top_p"),
    ),
    "Mistral, seed": (
        422,
        {
            "object": "error",
            "message": {"detail": [{**FORBIDDEN, "loc": ["body", "seed"], "input": 7}]},
            "type": "invalid_request_error",
        },
        unwanted("seed"),
    ),
    "Mistral, seed, as a text": (
        422,
        {
            "object": "error",
            "message": json.dumps({"detail": [{**FORBIDDEN, "loc": ["body", "seed"]}]}),
            "code": "1000",
        },
        unwanted("seed"),
    ),
    "Azure AI, seed": (
        422,
        {"detail": [{**FORBIDDEN, "loc": ["body", "seed"], "input": 123}]},
        unwanted("seed"),
    ),
    "two at once": (
        422,
        {"detail": [{**FORBIDDEN, "loc": ["body", name]} for name in ("seed", "top_p")]},
        unwanted("seed", "top_p"),
    ),
    "Anthropic": (400, error(BOTH, type="invalid_request_error"), unwanted("top_p")),
    "Bedrock behind LiteLLM": (
        400,
        error(f'litellm.BadRequestError: BedrockException - {{"message":"{BOTH}"}}'),
        unwanted("top_p"),
    ),
    "Anthropic's provider behind OpenRouter": (
        400,
        error(
            "Provider returned error",
            code=400,
            metadata={"raw": json.dumps({"type": "error", "error": {"message": BOTH}})},
        ),
        unwanted("top_p"),
    ),
    "the supported ones are listed too": (
        400,
        error("Unknown parameter: 'seed'. Supported parameters: temperature, top_p, max_tokens"),
        unwanted("seed"),
    ),
    "plain text": (400, "property 'seed' is unsupported", unwanted("seed")),
    "Moonshot": (
        400,
        error("invalid temperature: only 1 is allowed for this model"),
        unwanted("temperature"),
    ),
    "Opus": (
        400,
        error("`temperature` is deprecated for this model."),
        unwanted("temperature"),
    ),
    "TGI, top_p": (
        422,
        {"error": "Input validation error: `top_p` must be > 0.0 and < 1.0"},
        unwanted("top_p"),
    ),
    "Gemini, seed": (
        400,
        error("Invalid value at 'generation_config.seed' (TYPE_INT32), 8923472398"),
        unwanted("seed"),
    ),
    "OpenAI, too many": (
        400,
        error(
            "max_tokens is too large: 8192. This model supports at most 4096 completion tokens, "
            "whereas you provided 8192.",
            param="max_tokens",
        ),
        Refusal(most_tokens=4096),
    ),
    "DeepSeek, too many": (
        400,
        error("Invalid max_tokens value, the valid range of max_tokens is [1, 4096]"),
        Refusal(most_tokens=4096),
    ),
    "Anthropic, too many": (
        400,
        error(
            "max_tokens: 8192 > 4,096, which is the maximum allowed number of output tokens for "
            "claude-3-haiku-20240307"
        ),
        Refusal(most_tokens=4096),
    ),
    "Groq, too many": (
        400,
        error("`max_tokens` must be less than or equal to `2048`, the maximum for this model"),
        Refusal(most_tokens=2048),
    ),
    "too many, without a number": (
        400,
        error("max_tokens is too large"),
        Refusal(most_tokens=4096),
    ),
    "vLLM, context": (
        400,
        {
            "object": "error",
            "message": "This model's maximum context length is 4096 tokens. However, you requested "
            "9192 tokens (1000 in the messages, 8192 in the completion). Please reduce the length.",
            "code": 400,
        },
        Refusal(context=4096, prompt_tokens=1000),
    ),
    "vLLM, context and max_completion_tokens": (
        400,
        error(
            "'max_tokens' or 'max_completion_tokens' is too large: 8192. This model's maximum "
            "context length is 4096 tokens and your request has 1000 input tokens (8192 > 4096 - "
            "1000)."
        ),
        Refusal(context=4096, prompt_tokens=1000),
    ),
    "vLLM, it did not count on": (
        400,
        error(
            "This model's maximum context length is 4096 tokens. However, you requested 3500 "
            "output tokens and your prompt contains at least 597 input tokens, for a total of at "
            "least 4097 tokens. Please reduce the length of the input prompt or the number of "
            "requested output tokens."
        ),
        Refusal(context=4096, prompt_tokens=597, at_least=True),
    ),
    "SGLang, context": (
        400,
        {
            "object": "error",
            "message": "Requested token count exceeds the model's maximum context length of 4096 "
            "tokens. You requested a total of 9192 tokens: 1000 tokens from the input messages and "
            "8192 tokens for the completion. Please reduce the number of tokens.",
        },
        Refusal(context=4096, prompt_tokens=1000),
    ),
    "OpenRouter, context": (
        400,
        error(
            "This endpoint's maximum context length is 4096 tokens. However, you requested about "
            "9192 tokens (900 of text input, 100 of tool input, 8192 in the output). Please reduce "
            "the length of either one."
        ),
        Refusal(context=4096, prompt_tokens=1000),
    ),
    "Together, context": (
        422,
        error(
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: "
            "1000 `inputs` tokens and 8192 `max_new_tokens`",
            type="invalid_request_error",
        ),
        Refusal(context=4097, prompt_tokens=1000),
    ),
    "llama.cpp, context": (
        400,
        error(
            "the request exceeds the available context size, try increasing it",
            type="exceed_context_size_error",
            n_prompt_tokens=14429,
            n_ctx=8192,
        ),
        Refusal(context=8192, prompt_tokens=14429),
    ),
    "a temperature that is out of range": (
        422,
        {"detail": [{"loc": ["body", "temperature"], "msg": "Input should be less than 1"}]},
        None,
    ),
    "no such model": (404, error("The model `m` does not exist"), None),
    "something else": (400, error("messages: roles must alternate"), None),
    "an unknown field of the user's": (
        400,
        error("Unrecognized request argument supplied: reasoning_effort"),
        None,
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_refusal_names_what_to_change(name: str) -> None:
    status, body, expected = MESSAGES[name]
    raw = body if isinstance(body, str) else json.dumps(body)
    assert refusal_of(status, raw.encode(), SENT) == expected


def test_what_was_not_sent_is_not_refused() -> None:
    body = json.dumps(error("Unsupported parameter: 'seed'", param="seed")).encode()
    assert refusal_of(400, body, {"model": "m", "messages": []}) is None


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[[[[", b'{"error": null}', b'"x"', b"7"])
def test_a_body_that_says_nothing_changes_nothing(body: bytes) -> None:
    assert refusal_of(400, body, SENT) is None
