"""How requests are changed for an endpoint that refuses some of their parameters."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.judging.engines.openai.adaptation import LEAST_ROOM, AdaptedEndpoint

NONE: frozenset[str] = frozenset()


def payload(characters: int = 400, **more: Any) -> dict[str, Any]:
    return {
        "messages": [{"role": "user", "content": "x" * characters}],
        "temperature": 0.6,
        "max_tokens": 8192,
        "seed": 7,
        **more,
    }


def refused(message: str, **more: Any) -> bytes:
    return json.dumps({"error": {"message": message, **more}}).encode()


RENAME = refused("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")


def test_what_is_refused_is_not_sent_again_and_is_told_once() -> None:
    endpoint = AdaptedEndpoint()
    sent = endpoint.applied(payload(), NONE)
    assert sent == payload()
    endpoint.learn(400, RENAME, sent, NONE)
    sent = endpoint.applied(payload(), NONE)
    assert (sent["max_completion_tokens"], "max_tokens" in sent) == (8192, False)
    endpoint.learn(400, refused("Unsupported value", param="temperature"), sent, NONE)
    sent = endpoint.applied(payload(), NONE)
    assert "temperature" not in sent
    assert endpoint.answered(sent, 100) == [
        "temperature is not sent, because the endpoint refuses it",
        "max_completion_tokens is sent in place of max_tokens",
    ]
    assert endpoint.answered(sent, 100) == []


def test_an_endpoint_that_takes_neither_name_is_sent_no_budget() -> None:
    endpoint = AdaptedEndpoint()
    endpoint.learn(400, RENAME, endpoint.applied(payload(), NONE), NONE)
    again = refused("Unknown parameter: 'max_completion_tokens'")
    endpoint.learn(400, again, endpoint.applied(payload(), NONE), NONE)
    sent = endpoint.applied(payload(), NONE)
    assert not {"max_tokens", "max_completion_tokens"} & sent.keys()
    assert endpoint.answered(sent, 1) == ["max_tokens is not sent, because the endpoint refuses it"]


def test_what_did_not_help_is_forgotten() -> None:
    endpoint = AdaptedEndpoint()
    endpoint.learn(400, refused("'temperature' is not supported"), payload(), NONE)
    assert "temperature" not in endpoint.applied(payload(), NONE)
    endpoint.forget_unproven()
    assert endpoint.applied(payload(), NONE) == payload()


def test_a_field_that_the_user_added_is_never_changed() -> None:
    own = frozenset({"max_completion_tokens", "top_k"})
    body = payload(max_completion_tokens=500, top_k=5)
    del body["max_tokens"]
    endpoint = AdaptedEndpoint()
    endpoint.learn(400, refused("Unknown parameter: 'max_completion_tokens'"), body, own)
    assert endpoint.applied(body, own) == body


def test_a_prompt_that_is_too_long_itself_changes_nothing() -> None:
    said = "maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens."
    endpoint = AdaptedEndpoint()
    endpoint.learn(400, refused(said), payload(), NONE)
    assert endpoint.applied(payload(), NONE) == payload()


@given(st.integers(1, 3900), st.integers(500, 20_000))
def test_a_budget_fits_the_context_after_one_refusal(prompt_tokens: int, characters: int) -> None:
    context = 4096
    endpoint, body = AdaptedEndpoint(), payload(characters)
    said = (
        f"This model's maximum context length is {context} tokens. However, you requested "
        f"{prompt_tokens + 8192} tokens ({prompt_tokens} in the messages, 8192 in the completion)."
    )
    endpoint.learn(400, refused(said), endpoint.applied(body, NONE), NONE)
    budget = endpoint.applied(body, NONE)["max_tokens"]
    assert budget >= LEAST_ROOM
    assert budget + prompt_tokens <= context or context - prompt_tokens < LEAST_ROOM * 1.7


@given(st.integers(1, 3500), st.integers(500, 20_000))
def test_it_fits_in_a_few_refusals_when_the_endpoint_did_not_count(
    prompt_tokens: int, characters: int
) -> None:
    context = 4096
    endpoint, body = AdaptedEndpoint(), payload(characters)
    for _ in range(7):
        budget = endpoint.applied(body, NONE)["max_tokens"]
        if budget + prompt_tokens <= context:
            break
        said = (
            f"This model's maximum context length is {context} tokens. However, you requested "
            f"{budget} output tokens and your prompt contains at least "
            f"{max(1, context - budget + 1)} input tokens."
        )
        endpoint.learn(400, refused(said), endpoint.applied(body, NONE), NONE)
    assert budget + prompt_tokens <= context


def test_later_prompts_of_other_lengths_fit_without_a_refusal() -> None:
    endpoint = AdaptedEndpoint()
    said = "maximum context length is 4096 tokens. However, your request has 1000 input tokens"
    endpoint.learn(400, refused(said), endpoint.applied(payload(4000), NONE), NONE)
    assert endpoint.applied(payload(8000), NONE)["max_tokens"] <= 2096
    assert endpoint.applied(payload(400), NONE)["max_tokens"] >= 3800
