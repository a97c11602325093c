"""What a figure means in words, and whether it should worry, by documented bounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from rrm_queue.diagnostics.order import EVEN
from rrm_queue.diagnostics.rates import Rate


class Level(StrEnum):
    """How a figure is to be taken; `open` when there is too little to tell."""

    FINE = "fine"
    LOOK = "look"
    WORRY = "worry"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Finding:
    """A figure with its 95 % interval over `n` trials, and what it says; see `Level`."""

    name: str
    estimate: float
    low: float
    high: float
    n: int
    level: Level
    words: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """Beyond `look` a rate is worth a look, beyond `worry` it should worry; more is worse."""

    look: float
    worry: float

    def level(self, rate: Rate) -> Level:
        """By the interval, not the estimate alone: chance worries nobody, and reassures nobody."""
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
"""Points of a half by which slot 1 wins more or less often."""

FLIPS = Bounds(0.15, 0.30)
"""GPT-4 contradicted itself in 35 % of MT-bench's pairs, GPT-3.5 in 54 % (arXiv 2306.05685)."""

DISAGREEMENT = Bounds(0.20, 0.35)
"""A coin's votes disagree half of the time."""

NO_VERDICT = Bounds(0.01, 0.05)
"""The Reward Reasoning Models stay silent in 1 to 2 of 100,000 calls."""

UNDECIDED = Bounds(0.05, 0.20)
"""Matches that a coin decided, or nobody."""

CYCLES = Bounds(0.05, 0.10)
"""Coin flips would make a quarter of the triples cyclic."""

LENGTH = Bounds(0.10, 0.25)
"""Points of a half by which the longer answer wins more or less often. It may well be better, so
that what is beyond the second is worth a look as well, and no more."""


def found(name: str, rate: Rate, level: Level, words: Mapping[Level, str]) -> Finding:
    """The finding with the words for its level."""
    return Finding(name, rate.estimate, rate.low, rate.high, rate.n, level, words[level])


def distance(rate: Rate) -> Rate:
    """How far a rate is from a half, whichever way; none where the interval holds the half."""
    low, high = abs(rate.low - EVEN), abs(rate.high - EVEN)
    if rate.low <= EVEN <= rate.high:
        return Rate(0.0, 0.0, max(low, high), rate.n)
    return Rate(abs(rate.estimate - EVEN), min(low, high), max(low, high), rate.n)


def against(rate: Rate) -> Rate:
    """The rate of the opposite."""
    return Rate(1 - rate.estimate, 1 - rate.high, 1 - rate.low, rate.n)
