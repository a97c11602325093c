"""The skill of a simulated judge, and the verdicts that it gives: for planning and for tests."""

import math
from dataclasses import dataclass
from functools import lru_cache

from rrm_queue.domain import Verdict
from rrm_queue.errors import UsageFault
from rrm_queue.seeds import derive

LARGEST_BIAS = 20.0
"""In logits: such a judge picks its favourite slot in all but one vote in 500 million."""


@dataclass(frozen=True, slots=True)
class SimulatedSkill:
    """The probability that a vote picks the better answer, and a preference for slot 1.

    `slot_bias` is in logits. It is added to the accuracy's logits when the better answer is in slot
    1, and subtracted when it is in slot 2: the Bradley-Terry model with an order effect (Davidson
    and Beaver 1977). So `accuracy` is that of a judge without the bias.
    """

    accuracy: float
    slot_bias: float = 0.0

    def __str__(self) -> str:
        return f"{self.accuracy}" + (f":{self.slot_bias}" if self.slot_bias else "")

    def chance(self, one: float, two: float) -> float:
        """The probability that slot 1 wins; `one` and `two` say how good the answers are.

        For equally good answers only the slots decide: evenly, where there is no bias.
        """
        chance = 0.5
        if one != two:
            chance = self.accuracy if one > two else 1 - self.accuracy
        return chance / (chance + (1 - chance) * math.exp(-self.slot_bias))

    def verdict(self, one: float, two: float, seed: int) -> Verdict:
        """What a vote with this seed says: the same for the same seed, and never a tie."""
        drawn = derive("simulated", seed) / 2**63
        return Verdict.FIRST if drawn < self.chance(one, two) else Verdict.SECOND


@lru_cache(maxsize=64)
def parse_skill(text: str) -> SimulatedSkill:
    """The skill that `ACCURACY` or `ACCURACY:SLOT_BIAS` describes. Raises UsageFault."""
    accuracy, colon, slot_bias = text.partition(":")
    try:
        skill = SimulatedSkill(float(accuracy), float(slot_bias) if colon else 0.0)
    except ValueError:
        skill = SimulatedSkill(math.nan)
    if not (0 <= skill.accuracy <= 1 and abs(skill.slot_bias) <= LARGEST_BIAS):
        raise UsageFault(
            f"unknown judge 'simulated:{text}'; write its accuracy from 0 to 1, as in "
            "simulated:0.8; a preference for slot 1 in logits may follow, from "
            f"-{LARGEST_BIAS:g} to {LARGEST_BIAS:g}, as in simulated:0.8:0.5"
        )
    return skill


def stored_skill(text: str) -> str:
    """The skill as a job stores it, the same for `0.8` and `0.80`. Raises UsageFault."""
    return str(parse_skill(text))
