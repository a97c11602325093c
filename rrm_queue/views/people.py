"""What the store returns to a face about people who judge."""

from typing import NamedTuple


class MatchTexts(NamedTuple):
    """What a person reads of a match; nothing of it says who wrote an answer."""

    prompt: str
    criteria: str | None
    first: str
    second: str
