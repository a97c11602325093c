"""Bounds of a vote: they bring the values of an engine or worker into the range that can be stored.

A bad value must not lose the rest of its vote. Postgres has four bytes for a count of tokens, a
counter takes no negative number, and no text may hold half a surrogate pair.
"""

import re
from math import isfinite

from msgspec import structs

from rrm_queue.domain import Verdict, Vote
from rrm_queue.messages import Failure

MOST = 2**31 - 1
"""The most tokens or samples of a vote: the largest number in an integer column."""

MOST_SECONDS = 1e9

STRONGEST = 2
"""The largest margin of a vote."""

LARGEST_SEED = 2**63 - 1

LONGEST_TEXT = 4_000_000
"""The most characters of a vote's text."""

LONGEST_NAME = 1_000
"""The most characters of a model's name and of a failure's reason."""

_ODD = re.compile("[\0\ud800-\udfff]")
_COUNTS = ("prompt_tokens", "cached_tokens", "completion_tokens", "query_tokens", "slot_tokens")
_SECONDS = ("seconds", "queue_seconds")
_WHOLE = {int}
_FOR_ONE = (Verdict.FIRST, Verdict.SECOND)


def bounded(vote: Vote) -> Vote:
    """The vote with every count, time and text within its bounds."""
    return vote if _is_bounded(vote) else _bounded(vote)


def _is_bounded(vote: Vote) -> bool:
    """Whether the vote surely is, as almost every one; this is much quicker than to bound it.

    False also for a vote that needs a closer look, such as one with a probability.
    """
    counts = (
        *(vote.prompt_tokens, vote.cached_tokens, vote.completion_tokens),
        *(vote.query_tokens, vote.slot_tokens, vote.samples, vote.margin),
    )
    return (
        {*map(type, counts)} == _WHOLE
        and min(counts) >= 0
        and max(counts) <= MOST
        and vote.samples >= 1
        and (vote.margin == 0 or (vote.margin <= STRONGEST and vote.verdict in _FOR_ONE))
        and type(vote.seconds) is type(vote.queue_seconds) is float
        and 0 <= vote.seconds <= MOST_SECONDS
        and 0 <= vote.queue_seconds <= MOST_SECONDS
        and 0 <= vote.seed <= LARGEST_SEED
        and vote.probability is None
        and _is_clean(vote.text, LONGEST_TEXT)
        and _is_clean(vote.model, LONGEST_NAME)
    )


def _bounded(vote: Vote) -> Vote:
    changes: dict[str, object] = {
        **{name: whole(getattr(vote, name)) for name in _COUNTS},
        **{name: seconds(getattr(vote, name)) for name in _SECONDS},
        "samples": max(1, whole(vote.samples)),
        "seed": min(max(vote.seed, 0), LARGEST_SEED),
        "text": clean(vote.text, LONGEST_TEXT),
        "model": clean(vote.model, LONGEST_NAME),
        "margin": min(whole(vote.margin), STRONGEST) if vote.verdict in _FOR_ONE else 0,
        "probability": None if vote.verdict is Verdict.NONE else share(vote.probability),
    }
    odd = {name: value for name, value in changes.items() if value != getattr(vote, name)}
    return structs.replace(vote, **odd) if odd else vote


def bounded_failure(failure: Failure) -> Failure:
    """The failure with a reason that can be stored."""
    return structs.replace(failure, reason=clean(failure.reason, LONGEST_NAME))


def whole(value: object) -> int:
    """The value as a whole number from 0 to MOST; 0 if it is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    if isinstance(value, float) and not isfinite(value):
        return 0
    return min(max(int(value), 0), MOST)


def seconds(value: object) -> float:
    """The value as a time from 0 to MOST_SECONDS; 0 if it is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    if isinstance(value, float) and not isfinite(value):
        return 0.0
    return float(min(max(value, 0), MOST_SECONDS))


def share(value: object) -> float | None:
    """The value as a number from 0 to 1; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1 else None


def clean(text: str, longest: int) -> str:
    """At most `longest` characters of a text that UTF-8 and Postgres can hold.

    NUL and half a surrogate pair become the replacement character.
    """
    if _is_clean(text, longest):
        return text
    return _ODD.sub("\N{REPLACEMENT CHARACTER}", text[:longest])


def _is_clean(text: str, longest: int) -> bool:
    if len(text) > longest:
        return False
    return "\0" not in text if text.isascii() else _ODD.search(text) is None
