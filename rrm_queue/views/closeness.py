"""A tournament in a list of many, as the store returns it to a face."""

from typing import NamedTuple

from rrm_queue.domain import Price, Spent, TournamentId


class TournamentLine(NamedTuple):
    """A tournament with its two best and the distance of their Bradley-Terry ratings.

    `champion` and `runner_up` are generators, or ids of candidates without one. `matches` are
    decided, `coins` of them by a coin. Tokens are those of the votes that this job has paid for.
    `prompt` is its beginning.
    """

    id: TournamentId
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
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int

    @property
    def tokens(self) -> int:
        """All tokens of its votes."""
        return self.prompt_tokens + self.completion_tokens

    def cost(self, price: Price | None) -> float | None:
        """What its votes cost by a price of tokens; None without such a price."""
        if price is None or price.by_time:
            return None
        spent = Spent(self.prompt_tokens, self.cached_tokens, self.completion_tokens)
        return price.of(spent)
