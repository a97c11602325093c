"""The logprobs of a chat completion: how they are asked for and read."""

from typing import Any

import msgspec

from rrm_queue.judging.probability import TOP_LOGPROBS, Token

ASKED: dict[str, Any] = {"logprobs": True, "top_logprobs": TOP_LOGPROBS}
"""What a request's body has in addition."""


class _Logprob(msgspec.Struct, frozen=True):
    token: str
    logprob: float
    top_logprobs: list["_Logprob"] = []


class _Logprobs(msgspec.Struct, frozen=True):
    content: list[_Logprob] = []


def tokens_of(logprobs: object) -> list[Token]:
    """The tokens of a choice's text, from its `logprobs`.

    Empty where an endpoint gives none or others: figures must not cost the text.
    """
    try:
        read = msgspec.convert(logprobs, _Logprobs)
    except msgspec.ValidationError:
        return []
    return [
        Token.of(one.token, one.logprob, [(top.token, top.logprob) for top in one.top_logprobs])
        for one in read.content
    ]
