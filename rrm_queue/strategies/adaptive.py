"""`adaptive`: asks for the matches that tell most, and stops when enough is known."""

from enum import StrEnum
from typing import ClassVar

from msgspec import Struct

from rrm_queue.strategies.base import Finished, History, Pairings


class Goal(StrEnum):
    """What is to be known: which candidate is the best, or the order of all."""

    BEST = "best"
    ORDER = "order"


CONFIDENCE = 0.95

MATCHES_EACH = 6
"""The most matches of a tournament, divided by its candidates, unless told otherwise."""


class Adaptive(Struct, frozen=True):
    """Rounds of a few matches, each of them chosen by what is known when it is planned.

    Half as many matches as there are candidates are out at once. So a round waits only for the
    matches that are further back, and is chosen by their results alone: the same matches follow in
    whatever order results arrive. When these results reach the confidence, all that is out is
    waited for, and the tournament ends if the confidence still holds.

    `most` is the most matches; None: MATCHES_EACH for each candidate.
    """

    goal: Goal = Goal.BEST
    confidence: float = CONFIDENCE
    most: int | None = None

    name: ClassVar[str] = "adaptive"
    draws: ClassVar[bool] = True
    looks_back: ClassVar[bool] = True

    def matches(self, size: int) -> int:
        """The budget, all of which is used where the confidence is not reached."""
        if size < 2:
            return 0
        return MATCHES_EACH * size if self.most is None else self.most

    def plan(self, size: int, history: History, seed: int) -> Pairings | Finished:
        """The rounds that can start, or the end: the candidates ranked by their strengths."""
        # It loads NumPy, which most commands do without.
        from rrm_queue.strategies.adaptive_rounds import Rounds
        from rrm_queue.strategies.adaptive_rule import RULES

        rule = RULES[self.goal]
        return Rounds(size, seed, rule, self.confidence, self.matches(size)).plan(history)
