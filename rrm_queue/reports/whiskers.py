"""Intervals on a shared axis: the start, the dot and the end of each, in percent of the axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from typing import NamedTuple

MARGIN = 0.03
"""The share of the axis that stays free on each side, so that no dot is cut off."""

TICKS = 5  # approximately


class Interval(NamedTuple):
    """An estimate between two ends. An end is open where the data sets no limit, only the prior."""

    estimate: float
    low: float
    high: float
    open_low: bool = False
    open_high: bool = False


class Whisker(NamedTuple):
    """An interval on its axis, each place in percent from the left."""

    start: float
    dot: float
    end: float
    open_start: bool
    open_end: bool


class Tick(NamedTuple):
    """A mark of the axis and its place in percent."""

    place: float
    label: str


@dataclass(frozen=True, slots=True)
class Axis:
    """A range of numbers; `ticks` lie within it."""

    low: float
    high: float
    ticks: tuple[Tick, ...]

    @classmethod
    def of(cls, intervals: Sequence[Interval]) -> "Axis":
        """The axis that holds every closed end and every estimate, with round ticks."""
        ends = [
            end
            for held in intervals
            for end, counted in (
                (held.low, not held.open_low),
                (held.estimate, True),
                (held.high, not held.open_high),
            )
            if counted and isfinite(end)
        ] or [0.0]
        low, high = min(ends), max(ends)
        if low == high:
            low, high = low - 1, high + 1
        room = (high - low) * MARGIN
        return cls.between(low - room, high + room)

    @classmethod
    def between(cls, low: float, high: float, *, percent: bool = False) -> "Axis":
        """The axis from `low` to `high`; with `percent` its labels are multiplied by 100."""
        step = _round_step((high - low) / TICKS)
        marks = [step * number for number in range(ceil(low / step), floor(high / step) + 1)]
        axis = cls(low, high, ())
        factor = 100 if percent else 1
        return cls(low, high, tuple(Tick(axis.place(m), f"{factor * m:g}") for m in marks))

    def place(self, value: float) -> float:
        """Where a value stands, in percent; a value outside the axis stands at its end."""
        share = (value - self.low) / (self.high - self.low)
        return round(100 * min(1.0, max(0.0, share)), 2)

    def whisker(self, held: Interval) -> Whisker:
        """The interval's drawing; an open end reaches the end of the axis."""
        return Whisker(
            0.0 if held.open_low else self.place(held.low),
            self.place(held.estimate),
            100.0 if held.open_high else self.place(held.high),
            held.open_low,
            held.open_high,
        )


def _round_step(about: float) -> float:
    """The next larger step that is 1, 2 or 5 times a power of ten."""
    power = 10.0 ** floor(log10(about))
    return power * next(factor for factor in (1, 2, 5, 10) if factor * power >= about * 0.999)
