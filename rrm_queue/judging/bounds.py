"""Bounds of a vote: what an engine or a worker says of it, brought into what every part can hold.

An odd number in a vote must cost at most that number. Postgres has four bytes for a count of
tokens, a counter takes nothing negative, and no text may hold half a character.
"""

import re
from math import isfinite

from msgspec import structs

from rrm_queue.domain import Vote
from rrm_queue.messages import Failure

MOST = 2**31 - 1
"""The most tokens or samples of a vote: what an integer column holds."""

MOST_SECONDS = 1e9

LARGEST_SEED = 2**63 - 1

LONGEST_TEXT = 4_000_000
"""Characters of a vote's text."""

LONGEST_NAME = 1_000
"""Characters of the name of a model and of the reason of a failure."""

_ODD = re.compile("[\0\ud800-\udfff]")
_COUNTS = ("prompt_tokens", "cached_tokens", "completion_tokens", "query_tokens", "slot_tokens")
_SECONDS = ("seconds", "queue_seconds")


def bounded(vote: Vote) -> Vote:
    """The vote with every count, time and text within its bounds; itself if it is already."""
    changes: dict[str, object] = {
        **{name: whole(getattr(vote, name)) for name in _COUNTS},
        **{name: seconds(getattr(vote, name)) for name in _SECONDS},
        "samples": max(1, whole(vote.samples)),
        "seed": min(max(vote.seed, 0), LARGEST_SEED),
        "text": clean(vote.text, LONGEST_TEXT),
        "model": clean(vote.model, LONGEST_NAME),
    }
    odd = {name: value for name, value in changes.items() if value != getattr(vote, name)}
    return structs.replace(vote, **odd) if odd else vote


def bounded_failure(failure: Failure) -> Failure:
    """The failure with a reason that can be kept."""
    return structs.replace(failure, reason=clean(failure.reason, LONGEST_NAME))


def whole(value: object) -> int:
    """A count of tokens from 0 to MOST, whatever was said; 0 for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    if isinstance(value, float) and not isfinite(value):
        return 0
    return min(max(int(value), 0), MOST)


def seconds(value: object) -> float:
    """A time from 0 to MOST_SECONDS, whatever was said; 0 for what is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    if isinstance(value, float) and not isfinite(value):
        return 0.0
    return float(min(max(value, 0), MOST_SECONDS))


def clean(text: str, longest: int) -> str:
    """At most `longest` characters of a text that UTF-8 and Postgres can hold.

    NUL and half a surrogate pair become the replacement character.
    """
    return _ODD.sub("\N{REPLACEMENT CHARACTER}", text[:longest])
