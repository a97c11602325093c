"""What goes to and comes from an OpenAI-compatible `/chat/completions`, without the network."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from rrm_queue.domain import JudgeSpec, NoVerdict, Verdict, Vote
from rrm_queue.errors import JudgeFault, JudgeRefused
from rrm_queue.judging.bounds import LONGEST_TEXT, clean, whole
from rrm_queue.judging.dialects import END_OF_THINKING, ParsedVerdict
from rrm_queue.judging.engines.http_errors import error_text, fault_in_good_answer, is_web_page
from rrm_queue.judging.engines.openai.completion import (
    Completion,
    cached_tokens,
    completion_of,
    decoded_leniently,
)
from rrm_queue.judging.engines.openai.logprobs import ASKED, tokens_of
from rrm_queue.judging.probability import sureness
from rrm_queue.judging.prompt import Rendered, messages
from rrm_queue.judging.verdict import verdict_of
from rrm_queue.judging.vote_request import VoteRequest

_LONGEST_UNREADABLE = 4000
"""The most bytes that are kept of a body that is no completion."""


def prompt_of(request: VoteRequest) -> Rendered:
    """The chat of the vote; only the usual control tokens are known here."""
    return messages(
        request.judge,
        request.prompt,
        request.one.text,
        request.two.text,
        reference=request.reference,
        criteria=request.criteria,
    )


def payload_of(request: VoteRequest, prompt: Rendered) -> dict[str, Any]:
    """The body of the request for one vote; `regex` is SGLang's own, sent only where it is set."""
    judge = request.judge
    payload: dict[str, Any] = {
        "model": judge.argument,
        "messages": prompt.messages,
        "temperature": judge.temperature,
        "top_p": judge.top_p,
        "max_tokens": request.budget,
        "seed": request.seed,
    }
    if judge.logprobs:
        payload |= ASKED
    if judge.regex is not None:
        payload["regex"] = judge.regex
    return judge.extra | {k: v for k, v in payload.items() if k not in judge.omit}


def vote_of(request: VoteRequest, prompt: Rendered, body: bytes, seconds: float) -> Vote:
    """The vote in a good answer; raises a JudgeFault when it holds an error in its place."""
    said = decoded_leniently(body)
    completion = completion_of(said)
    if completion is None:
        return _unreadable(request, prompt, said, body, seconds)
    if completion.error is not None:
        raise _fault_of_choice(str(request.judge.base_url), completion.error)
    text, parsed = _read(request.judge, completion)
    return Vote(
        number=request.number,
        verdict=parsed.verdict,
        swapped=request.swapped,
        no_verdict=parsed.no_verdict,
        margin=parsed.margin,
        text=clean(text, LONGEST_TEXT),
        seed=request.seed,
        model=completion.model or request.judge.argument,
        prompt_tokens=whole(completion.usage.get("prompt_tokens")),
        cached_tokens=whole(cached_tokens(completion.usage)),
        completion_tokens=whole(completion.usage.get("completion_tokens")),
        seconds=seconds,
        neutralised=prompt.sanitized,
        probability=_probability(request.judge, completion, text),
    )


def vote_without_verdict(
    request: VoteRequest, prompt: Rendered, reason: NoVerdict, text: str, seconds: float
) -> Vote:
    """A vote that says nothing, for this reason; `text` is what the endpoint said."""
    return Vote(
        number=request.number,
        verdict=Verdict.NONE,
        swapped=request.swapped,
        no_verdict=reason,
        text=clean(text, LONGEST_TEXT),
        seed=request.seed,
        model=request.judge.argument,
        seconds=seconds,
        neutralised=prompt.sanitized,
    )


def _probability(judge: JudgeSpec, completion: Completion, text: str) -> float | None:
    return sureness(judge, tokens_of(completion.logprobs), text) if judge.logprobs else None


def _read(judge: JudgeSpec, completion: Completion) -> tuple[str, ParsedVerdict]:
    """All that the judge wrote as one text, and the verdict in it.

    Reasoning that came apart stands before `</think>`. Where a finished judge wrote nothing else,
    its server took the whole text for reasoning, as servers do of a text without `</think>`. Then
    it is read as the answer, unless the judge is known to think.
    """
    answer, reasoning, finished = completion.answer, completion.reasoning, not completion.cut
    if completion.refused:
        return completion.refusal or answer or reasoning, _none(NoVerdict.REFUSED)
    if completion.filtered:
        return answer or reasoning, _none(NoVerdict.FILTERED)
    if answer.strip():
        text = f"{reasoning}\n{END_OF_THINKING}\n\n{answer}" if reasoning else answer
        return text, verdict_of(judge, text, finished=finished, thinks=False)
    if completion.cut:
        return reasoning, _none(NoVerdict.TRUNCATED)
    if not reasoning.strip() or judge.thinks:
        return reasoning, _none(NoVerdict.EMPTY)
    return reasoning, verdict_of(judge, reasoning, finished=True, thinks=False)


def _none(reason: NoVerdict) -> ParsedVerdict:
    return ParsedVerdict(Verdict.NONE, reason)


def _fault_of_choice(origin: str, error: object) -> JudgeFault:
    """The fault that an error in the place of an answer means; without a code it may pass."""
    whole_error = {"error": error if isinstance(error, dict) else {"message": str(error)}}
    return fault_in_good_answer(origin, msgspec.json.encode(whole_error), datetime.now(UTC))


def _unreadable(
    request: VoteRequest, prompt: Rendered, said: object, body: bytes, seconds: float
) -> Vote:
    """A vote without a verdict for a body that is no completion; raises the fault that it states.

    The answer was paid for, so it is not asked for again as if the endpoint were away.
    """
    origin = str(request.judge.base_url)
    if is_web_page(body):
        raise JudgeRefused(f"{origin} answered with a web page: {error_text(body)}")
    if isinstance(said, dict) and said.get("error"):
        raise fault_in_good_answer(origin, body, datetime.now(UTC))
    text = body[:_LONGEST_UNREADABLE].decode("utf-8", "replace")
    return vote_without_verdict(request, prompt, NoVerdict.UNREADABLE, text, seconds)
