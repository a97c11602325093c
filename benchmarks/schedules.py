"""What a schedule makes of given judging times: knockouts on a fleet of slots, in pure Python."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from heapq import heappop, heappush
from typing import NamedTuple

from brackets import feeders

from rrm_queue.domain import Position

Times = Mapping[Position, float]
"""A knockout's matches, each with the seconds of its judging."""


class Barrier(StrEnum):
    """What a round waits for: its matches' feeders, its tournament's round, or everybody's."""

    NONE = "none"
    TOURNAMENT = "tournament"
    FLEET = "fleet"


class Schedule(NamedTuple):
    """When the last tournament ended, and the mean of when each did; in seconds."""

    makespan: float
    mean: float


def critical_path(times: Times) -> float:
    """Seconds of the longest way from a first match to the final."""

    @cache
    def until(position: Position) -> float:
        before = max(map(until, feeders(times, position)), default=0.0)
        return before + times[position]

    return max(map(until, times))


def scheduled(tournaments: Sequence[Times], slots: int, barrier: Barrier) -> Schedule:
    """Every free slot takes the earliest tournament's first match that can start.

    With a barrier across the fleet it is the earliest round's. The queue itself costs nothing.
    """
    gate = _Gate(tournaments, barrier)
    ready: list[tuple[int, ...]] = []
    running: list[tuple[float, int, Position]] = []
    ends = [0.0] * len(tournaments)
    now = 0.0
    for place in gate.first():
        heappush(ready, place)
    while ready or running:
        while ready and len(running) < slots:
            _, number, turn, slot = heappop(ready)
            position = Position(turn, slot)
            heappush(running, (now + tournaments[number][position], number, position))
        now, number, position = heappop(running)
        ends[number] = now
        for place in gate.after(number, position):
            heappush(ready, place)
    return Schedule(now, sum(ends) / len(ends))


class _Gate:
    """Which matches can start: first of all, and after each match."""

    def __init__(self, tournaments: Sequence[Times], barrier: Barrier) -> None:
        self._tournaments, self._barrier = tournaments, barrier
        self._rounds: dict[tuple[int, ...], list[tuple[int, Position]]] = defaultdict(list)
        for number, times in enumerate(tournaments):
            for position in times:
                self._rounds[self._round(number, position.round)].append((number, position))
        self._left = Counter({key: len(matches) for key, matches in self._rounds.items()})
        self._fed: Counter[tuple[int, Position]] = Counter()

    def first(self) -> Iterator[tuple[int, ...]]:
        for number, times in enumerate(self._tournaments):
            for position in times:
                if not feeders(times, position):
                    yield self._place(number, position)

    def after(self, number: int, position: Position) -> Iterator[tuple[int, ...]]:
        """The places in line of what can start now that this match is decided."""
        if self._barrier is Barrier.NONE:
            times = self._tournaments[number]
            following = Position(position.round + 1, position.slot // 2)
            self._fed[number, following] += 1
            if following in times and self._fed[number, following] == len(
                feeders(times, following)
            ):
                yield self._place(number, following)
            return
        here = self._round(number, position.round)
        self._left[here] -= 1
        if not self._left[here]:
            for other, match in self._rounds[self._round(number, position.round + 1)]:
                yield self._place(other, match)

    def _round(self, number: int, turn: int) -> tuple[int, ...]:
        return (turn,) if self._barrier is Barrier.FLEET else (number, turn)

    def _place(self, number: int, position: Position) -> tuple[int, ...]:
        first = position.round if self._barrier is Barrier.FLEET else 0
        return (first, number, *position)
