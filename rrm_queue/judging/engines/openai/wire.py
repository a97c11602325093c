"""What goes to and comes from an OpenAI-compatible `/chat/completions`, without the network."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from rrm_queue.domain import JudgeSpec, Vote
from rrm_queue.judging.bounds import whole
from rrm_queue.judging.dialects import END_OF_THINKING
from rrm_queue.judging.engines.http_errors import fault_in_good_answer
from rrm_queue.judging.engines.openai.logprobs import ASKED, tokens_of
from rrm_queue.judging.probability import sureness
from rrm_queue.judging.prompt import Rendered, messages
from rrm_queue.judging.verdict import verdict_of
from rrm_queue.judging.vote_request import VoteRequest


class _Message(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None
    logprobs: Any = None


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    model: str | None = None
    usage: Any = None


_completions = msgspec.json.Decoder(_Completion)


def prompt_of(request: VoteRequest) -> Rendered:
    """The chat of the vote; only the usual control tokens are known here."""
    return messages(
        request.judge,
        request.prompt,
        request.one.text,
        request.two.text,
        reference=request.reference,
    )


def payload_of(request: VoteRequest, prompt: Rendered) -> dict[str, Any]:
    """The body of the request for one vote; `regex` is SGLang's own, sent only where it is set."""
    payload: dict[str, Any] = {
        "model": request.judge.argument,
        "messages": prompt.messages,
        "temperature": request.judge.temperature,
        "top_p": request.judge.top_p,
        "max_tokens": request.budget,
        "seed": request.seed,
    }
    if request.judge.logprobs:
        payload |= ASKED
    return payload if request.judge.regex is None else payload | {"regex": request.judge.regex}


def vote_of(request: VoteRequest, prompt: Rendered, body: bytes, seconds: float) -> Vote:
    """The vote in a completion; raises a JudgeFault when the body is none."""
    try:
        completion = _read(body)
        choice = completion.choices[0]
    except (msgspec.DecodeError, UnicodeDecodeError, IndexError) as error:
        at = str(request.judge.base_url)
        raise fault_in_good_answer(at, body, datetime.now(UTC)) from error
    finished = choice.finish_reason != "length"
    text = _whole_text(choice.message, finished=finished)
    parsed = verdict_of(request.judge, text, finished=finished, thinks=False)
    usage = _fields(completion.usage)
    details = _fields(usage.get("prompt_tokens_details"))
    return Vote(
        number=request.number,
        verdict=parsed.verdict,
        swapped=request.swapped,
        no_verdict=parsed.no_verdict,
        margin=parsed.margin,
        text=text,
        seed=request.seed,
        model=completion.model or request.judge.argument,
        prompt_tokens=whole(usage.get("prompt_tokens")),
        cached_tokens=whole(details.get("cached_tokens")),
        completion_tokens=whole(usage.get("completion_tokens")),
        seconds=seconds,
        neutralised=prompt.sanitized,
        probability=_probability(request.judge, choice, text),
    )


def _probability(judge: JudgeSpec, choice: _Choice, text: str) -> float | None:
    return sureness(judge, tokens_of(choice.logprobs), text) if judge.logprobs else None


def _read(body: bytes) -> _Completion:
    """The completion; one with half a surrogate pair or a number beyond all bounds is read too.

    Raises DecodeError and UnicodeDecodeError.
    """
    try:
        return _completions.decode(body)
    except msgspec.DecodeError:
        pass  # the standard library reads what msgspec is too strict for
    try:
        return msgspec.convert(json.loads(body), _Completion)
    except (ValueError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from error


def _fields(value: object) -> Mapping[str, object]:
    """An object's fields; none of what is no object: figures must not cost the answer."""
    return value if isinstance(value, dict) else {}


def _whole_text(message: _Message, *, finished: bool) -> str:
    """All that the judge wrote as one text, with its reasoning before `</think>`.

    Endpoints that split it off call the reasoning `reasoning_content` (DeepSeek, SGLang, older
    vLLM) or `reasoning` (OpenRouter, newer vLLM).
    """
    answer = message.content or ""
    reasoning = message.reasoning_content or message.reasoning
    if not reasoning:
        return answer
    return f"{reasoning}\n{END_OF_THINKING}\n\n{answer}" if answer or finished else reasoning
