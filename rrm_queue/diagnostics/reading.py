"""What a figure means in words, and how serious it is, by documented bounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from rrm_queue.diagnostics.order import EVEN
from rrm_queue.diagnostics.rates import Rate
from rrm_queue.text import count


class Level(StrEnum):
    """How serious a figure is; `open` when there is too little data to tell."""

    FINE = "fine"
    LOOK = "look"
    WORRY = "worry"
    OPEN = "open"


TRIALS = {
    "flip_rate": "pair",
    "vote_agreement": "pair",
    "coins": "match",
    "draws": "match",
    "cyclic_triples": "triple",
    "longer_wins": "match",
}
"""What the trials of a finding are; of the others they are votes."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A figure with its 95 % interval over `n` trials, and what it means; see `Level`.

    `expected` is the share of flips that sampling alone shows, where it is known.
    """

    name: str
    estimate: float
    low: float
    high: float
    n: int
    level: Level
    words: str
    expected: float | None = None

    @property
    def title(self) -> str:
        """The name as it is shown."""
        return self.name.replace("_", " ")

    @property
    def trials(self) -> str:
        """The trials in words, such as `672 votes`; a pair is of votes, a triple of answers."""
        return count(self.n, TRIALS.get(self.name, "vote"))

    @property
    def rate(self) -> Rate:
        """The figure and its interval."""
        return Rate(self.estimate, self.low, self.high, self.n)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Above `look` a rate is worth a look, above `worry` it is a problem."""

    look: float
    worry: float

    def level(self, rate: Rate) -> Level:
        """By the interval, not the estimate alone, so that chance neither alarms nor reassures."""
        if not rate.n:
            return Level.OPEN
        if rate.low > self.worry:
            return Level.WORRY
        if rate.low > self.look:
            return Level.LOOK
        if rate.high > self.worry:
            return Level.OPEN
        return Level.LOOK if rate.estimate > self.look else Level.FINE


SLOT_BIAS = Bounds(0.02, 0.05)
"""Distance from one half of the share of wins of the answer shown first."""

FLIPS = Bounds(0.15, 0.30)
"""GPT-4 contradicted itself in 35 % of MT-bench's pairs, GPT-3.5 in 54 % (arXiv 2306.05685).

Only a rate that is fine by these bounds is called so without a look at what sampling explains."""

ORDER_EFFECT = Bounds(0.05, 0.15)
"""How much more often votes differ in opposite orders than in the same order."""

DISAGREEMENT = Bounds(0.20, 0.35)
"""Coin flips disagree half of the time."""

NO_VERDICT = Bounds(0.01, 0.05)
"""The Reward Reasoning Models: none in 3 of 840,000 calls (7B), in 10 of 670,000 (32B)."""

UNDECIDED = Bounds(0.05, 0.20)
"""Matches that were settled by a coin, or drawn."""

CYCLES = Bounds(0.05, 0.10)
"""Coin flips would make a quarter of the triples cyclic."""

LENGTH = Bounds(0.10, 0.25)
"""Distance from one half of the share of wins of the longer answer.

Longer answers may be better, so a rate above the second bound is only worth a look."""


FEW = 30
"""With fewer trials a finding says that they are few."""


def found(
    name: str,
    rate: Rate,
    level: Level,
    words: Mapping[Level, str],
    *,
    expected: float | None = None,
) -> Finding:
    """The finding with the words for its level; of a small sample they say that it is small."""
    says = words[level] + (f" (a small sample: {rate.n})" if 0 < rate.n < FEW else "")
    return Finding(name, rate.estimate, rate.low, rate.high, rate.n, level, says, expected)


def distance(rate: Rate) -> Rate:
    """How far a rate is from one half in either direction; 0 where the interval contains it."""
    low, high = abs(rate.low - EVEN), abs(rate.high - EVEN)
    if rate.low <= EVEN <= rate.high:
        return Rate(0.0, 0.0, max(low, high), rate.n)
    return Rate(abs(rate.estimate - EVEN), min(low, high), max(low, high), rate.n)


def against(rate: Rate) -> Rate:
    """1 minus the rate."""
    return Rate(1 - rate.estimate, 1 - rate.high, 1 - rate.low, rate.n)
