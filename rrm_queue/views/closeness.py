"""A tournament in a list of many, as the store returns it to a face."""

from typing import NamedTuple


class TournamentLine(NamedTuple):
    """A tournament with its two best and the distance of their Bradley-Terry ratings.

    `champion` and `runner_up` are generators, or ids of candidates without one. `matches` are
    decided, `coins` of them by a coin; `tokens` are those of all votes. `prompt` is its beginning.
    """

    key: str
    state: str
    error: str | None
    size: int
    prompt: str
    margin: float | None
    champion: str | None
    runner_up: str | None
    matches: int
    coins: int
    votes: int
    tokens: int
