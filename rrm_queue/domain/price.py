"""What a judge costs, in a unit of the user's own: nothing is converted."""

import msgspec

MILLION = 1_000_000
HOUR = 3600.0  # seconds


class Spent(msgspec.Struct, frozen=True):
    """What a job has used: tokens, `cached` being among those of prompts, and seconds of time."""

    prompt_tokens: float = 0
    cached_tokens: float = 0
    completion_tokens: float = 0
    seconds: float = 0.0


class Price(msgspec.Struct, frozen=True, omit_defaults=True):
    """A price of a million tokens, or of an hour of each of `gpus` GPUs.

    `cached` is that of prompt tokens from the cache; None: as for other prompt tokens.
    """

    prompt: float = 0.0
    completion: float = 0.0
    cached: float | None = None
    gpu_hour: float = 0.0
    gpus: int = 1

    @property
    def by_time(self) -> bool:
        """Whether time costs, not tokens."""
        return self.gpu_hour > 0

    def of(self, spent: Spent) -> float:
        """What so much costs."""
        if self.by_time:
            return self.gpu_hour * self.gpus * spent.seconds / HOUR
        cached = self.prompt if self.cached is None else self.cached
        tokens = (
            (spent.prompt_tokens - spent.cached_tokens) * self.prompt
            + spent.cached_tokens * cached
            + spent.completion_tokens * self.completion
        )
        return tokens / MILLION

    def __str__(self) -> str:
        if self.by_time:
            return f"gpu:{self.gpu_hour:g}" + (f"@{self.gpus}" if self.gpus > 1 else "")
        return ",".join(
            f"{one:g}" for one in (self.prompt, self.completion, self.cached) if one is not None
        )
