"""Which fault an HTTP answer without a vote means: wait, retry, no verdict, reject, or stop.

Sources: the error pages of OpenAI, Azure OpenAI, Anthropic, DeepSeek, OpenRouter, Moonshot and
Groq, and the error bodies of vLLM, SGLang and TGI. `tests/unit/judging/test_http_errors.py` holds
bodies of each.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from rrm_queue.errors import (
    JudgeBusy,
    JudgeFault,
    JudgeRefused,
    PermanentFault,
    PromptFiltered,
    RequestRejected,
    TransientFault,
)

_LONGEST = 300  # characters

_WAIT = {429, 498, 503, 529}
"""Too many requests, or overloaded. 498 is Groq's and 529 is Anthropic's."""

_TRY_AGAIN = {408, 409, 425}
_STOP = {401, 402, 403, 404}
"""No key, no money, no access, no such model: every match of the job would get the same."""

_REJECTED = {400, 413, 416, 422}

_NO_MONEY = {
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
    "billing_error",
    "exceeded_current_quota_error",
    "insufficient_balance",
    "insufficient_credits",
}
_NO_MONEY_WORDS = ("credit balance is too low", "insufficient balance", "insufficient credits")
_BUSY = {"overloaded", "overloaded_error", "server_overloaded", "rate_limit_exceeded"}
_FILTERED = {
    "content_filter",
    "content_policy_violation",
    "data_inspection_failed",
    "responsibleaipolicyviolation",
}
_FILTERED_WORDS = (
    "content exists risk",
    "requires moderation",
    "input was flagged",
    "content management policy",
    "flagged as potentially violating",
    "content violates",
)


def fault_of(
    origin: str, status: int, headers: Mapping[str, str], body: bytes, now: datetime
) -> JudgeFault:
    """The fault that an answer with this status means, with the message of the server at `origin`.

    `headers` must ignore case. `now` is for a Retry-After that is a date.
    """
    detail = f"{origin} answered {status}: {error_text(body)}"
    said = decoded(body)
    codes, words = set(_codes(said)), error_text(body).lower()
    if codes & _NO_MONEY or any(sign in words for sign in _NO_MONEY_WORDS):
        return JudgeRefused(detail)
    if status < 500 and (codes & _FILTERED or any(sign in words for sign in _FILTERED_WORDS)):
        return PromptFiltered(detail)
    asked = retry_after(headers, now)
    if status in _WAIT or codes & _BUSY or (status >= 500 and asked):
        return JudgeBusy(detail, retry_after=asked)
    if status >= 500 or status in _TRY_AGAIN:
        return TransientFault(detail)
    if status in _STOP or status < 400:
        return JudgeRefused(detail)
    return RequestRejected(detail) if status in _REJECTED else PermanentFault(detail)


def fault_in_good_answer(origin: str, body: bytes, now: datetime) -> JudgeFault:
    """The fault that a body without a completion means when its status is 200.

    Some gateways return an error in such a body, with the status that they got themselves. A web
    page means a wrong address, so trying again does not help.
    """
    if status := stated_status(body):
        return fault_of(origin, status, {}, body, now)
    if is_web_page(body):
        return JudgeRefused(f"{origin} answered with a web page: {error_text(body)}")
    return TransientFault(f"no completion in the answer of {origin}: {error_text(body)}")


def stated_status(body: bytes) -> int:
    """The status that an error in a good answer states, 0 where there is none.

    A code in words, such as `insufficient_quota`, counts as 400: `fault_of` knows these words.
    """
    said = decoded(body) if b'"error"' in body else None
    error = said.get("error") if isinstance(said, dict) and not said.get("choices") else None
    if not isinstance(error, dict):
        return 0
    for key in ("code", "status"):
        code = str(error.get(key, ""))
        if code.isdecimal() and 400 <= int(code) < 600:
            return int(code)
    known = _NO_MONEY | _BUSY | _FILTERED
    return 400 if known.intersection(_codes(error)) else 0


def error_text(body: bytes) -> str:
    """The message in an error's body, or the body itself, in one short line."""
    said = decoded(body)
    if said is None:
        said = body.decode("utf-8", "replace")
    for key in ("error", "message", "detail"):
        if isinstance(said, dict):
            said = said.get(key, said)
    line = " ".join(str(said).split()) or "nothing"
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def retry_after(headers: Mapping[str, str], now: datetime) -> float:
    """The seconds that a server asks to wait; 0 if it does not say."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    asked = headers.get("retry-after", "")
    seconds = _number(asked)
    if seconds is not None:
        return seconds
    try:
        moment = parsedate_to_datetime(asked)
    except (TypeError, ValueError):
        return 0.0
    return max(0.0, (moment - now).total_seconds()) if moment.tzinfo else 0.0


def is_web_page(body: bytes) -> bool:
    """Whether the body is HTML."""
    start = body[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html"))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def decoded(body: bytes) -> Any:
    """The JSON value that the bytes hold; None where they hold none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _codes(said: object) -> Iterator[str]:
    """The codes that name the kind of error in a body, at any depth."""
    if isinstance(said, list):
        for part in said:
            yield from _codes(part)
    if isinstance(said, dict):
        for key, value in said.items():
            if key in ("code", "type", "error_type", "status") and isinstance(value, str):
                yield value.lower()
            elif key in ("error", "innererror", "metadata", "detail"):
                yield from _codes(value)
