"""What goes to and comes from an OpenAI-compatible `/chat/completions`, without the network."""

from typing import Any

import msgspec

from rrm_queue.domain import Vote
from rrm_queue.errors import TransientFault
from rrm_queue.judging.prompt import Rendered, messages
from rrm_queue.judging.verdict import END_OF_THINKING, read_verdict
from rrm_queue.judging.vote_request import VoteRequest

_LONGEST_WORDS = 300


class _Message(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    model: str | None = None
    usage: _Usage | None = None


_completions = msgspec.json.Decoder(_Completion)


def prompt_of(ask: VoteRequest) -> Rendered:
    """The chat that asks for the vote; no tokenizer's control tokens are known but the usual."""
    return messages(ask.judge, ask.prompt, ask.one.text, ask.two.text, reference=ask.reference)


def request_of(ask: VoteRequest, prompt: Rendered) -> dict[str, Any]:
    """The body of the request for one vote; `regex` is SGLang's own, sent only where it is set."""
    request: dict[str, Any] = {
        "model": ask.judge.argument,
        "messages": prompt.messages,
        "temperature": ask.judge.temperature,
        "top_p": ask.judge.top_p,
        "max_tokens": ask.budget,
        "seed": ask.seed,
    }
    return request if ask.judge.regex is None else request | {"regex": ask.judge.regex}


def vote_of(ask: VoteRequest, prompt: Rendered, body: bytes, seconds: float) -> Vote:
    """The vote in a completion; raises TransientFault when the body is none."""
    try:
        completion = _completions.decode(body)
        choice = completion.choices[0]
    except (msgspec.DecodeError, UnicodeDecodeError, IndexError) as error:
        raise TransientFault(f"no completion in the answer: {words_of(body)}") from error
    finished = choice.finish_reason != "length"
    text = _whole_text(choice.message, finished=finished)
    reading = read_verdict(text, finished=finished, thinks=False)
    usage = completion.usage or _Usage()
    details = usage.prompt_tokens_details or _PromptDetails()
    return Vote(
        number=ask.number,
        verdict=reading.verdict,
        swapped=ask.swapped,
        no_verdict=reading.no_verdict,
        text=text,
        seed=ask.seed,
        model=completion.model or ask.judge.argument,
        prompt_tokens=usage.prompt_tokens or 0,
        cached_tokens=details.cached_tokens or 0,
        completion_tokens=usage.completion_tokens or 0,
        seconds=seconds,
        neutralised=prompt.neutralised,
    )


def words_of(body: bytes) -> str:
    """An endpoint's own words in one short line: its error's message, or the body as it is."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = body.decode("utf-8", "replace")
    for key in ("error", "message", "detail"):
        if isinstance(said, dict):
            said = said.get(key, said)
    line = " ".join(str(said).split()) or "nothing"
    return line if len(line) <= _LONGEST_WORDS else f"{line[:_LONGEST_WORDS]}…"


def _whole_text(message: _Message, *, finished: bool) -> str:
    """All that the judge wrote as it would stand in one text, reasoning before `</think>`.

    Endpoints that split it off call the reasoning `reasoning_content` (DeepSeek, SGLang, older
    vLLM) or `reasoning` (OpenRouter, newer vLLM).
    """
    answer = message.content or ""
    reasoning = message.reasoning_content or message.reasoning
    if not reasoning:
        return answer
    return f"{reasoning}\n{END_OF_THINKING}\n\n{answer}" if answer or finished else reasoning
