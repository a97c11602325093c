"""The logprobs of a text as SGLang's `/generate` gives them: asked for, joined and read."""

from collections.abc import Sequence
from typing import Any

import msgspec

from rrm_queue.judging.probability import TOP_LOGPROBS, Token

ASKED: dict[str, Any] = {
    "return_logprob": True,
    "top_logprobs_num": TOP_LOGPROBS,
    "return_text_in_logprobs": True,
}
"""What a request's body has in addition."""

_Logprob = tuple[float, int, str]
"""A logprob with its token's id and text."""


def tokens_of(written: object, top: object) -> list[Token]:
    """The tokens of a text, from `output_token_logprobs` and `output_top_logprobs`.

    Empty for what is neither: figures must not cost the text.
    """
    try:
        own = msgspec.convert(written, list[_Logprob])
        likeliest = msgspec.convert(top, list[list[_Logprob]])
    except msgspec.ValidationError:
        return []
    if len(own) != len(likeliest):
        return []
    return [
        Token.of(text, logprob, [(other, other_logprob) for other_logprob, _, other in others])
        for (logprob, _, text), others in zip(own, likeliest, strict=True)
    ]


def joined(before: object, after: object) -> object:
    """Two parts of a list in one; the later part alone where they are no lists."""
    if isinstance(before, Sequence) and isinstance(after, Sequence):
        return [*before, *after]
    return after
