"""`pivot`: a ring finds good candidates, then the best of them meet all others."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from msgspec import Struct

from rrm_queue.domain import CandidateNumber, Outcome, Pairing, Position
from rrm_queue.strategies.base import Finished, History, Pairings
from rrm_queue.strategies.circle import circle
from rrm_queue.strategies.slices import next_slice

PIVOTS = 3

PlacedMatch = tuple[Position, int, int]
"""A match between two places on the circle."""


class Pivot(Struct, frozen=True):
    """Candidates meet their neighbours on a circle; the best of them, the pivots, all the others.

    No pair meets twice. At most a third of the candidates are pivots, so that no two of them are
    neighbours. The pivots are known only when the whole ring is decided; this strategy has no other
    barrier.
    """

    pivots: int = PIVOTS

    name: ClassVar[str] = "pivot"
    draws: ClassVar[bool] = True
    looks_back: ClassVar[bool] = True

    def matches(self, size: int) -> int:
        """The ring's n, then k(n - k) + C(k, 2) less the 2k that the pivots played in the ring."""
        count = self.chosen(size)
        return _ring_length(size) + count * (size - count) + count * (count - 1) // 2 - 2 * count

    def chosen(self, size: int) -> int:
        """How many of `size` candidates become pivots."""
        return min(self.pivots, size // 3)

    def plan(self, size: int, history: History, seed: int) -> Pairings | Finished:
        """The next slice of the ring or, once all of that is decided, of the pivots' matches."""
        if history.decided >= self.matches(size):
            return Finished(places=None)
        places, schedule = circle(size, seed), list(_ring(size))
        if history.decided >= len(schedule):
            schedule += _pivotal(size, best(places, history.matches, self.chosen(size)))
        matches = (schedule[index] for index in next_slice(history, len(schedule)))
        return Pairings(
            tuple(Pairing(position, places[one], places[two]) for position, one, two in matches)
        )


def best(
    places: Sequence[CandidateNumber], matches: Mapping[Position, Outcome | None], count: int
) -> list[int]:
    """The places on the circle of the `count` best of a decided ring, no two of them neighbours.

    Sorted by wins plus half the draws, then by the circle's order, which depends on the seed. Two
    neighbours cannot both have won twice, so only weaker ones are skipped, and those have already
    met their pivot.
    """
    size, points = len(places), [0] * len(places)
    for position, *pair in _ring(size):
        outcome = matches[position]
        winner = outcome.winner if outcome else None
        for place in pair:
            points[place] += 1 if winner is None else 2 * (winner == places[place])
    pivots: list[int] = []
    for place in sorted(range(size), key=lambda place: -points[place]):
        if len(pivots) < count and not {(place - 1) % size, (place + 1) % size} & {*pivots}:
            pivots.append(place)
    return pivots


def _ring_length(size: int) -> int:
    """Two candidates are neighbours on both sides, and meet once."""
    return size if size > 2 else size - 1


def _ring(size: int) -> Iterator[PlacedMatch]:
    """Round 1: the match in slot s is between places s and s + 1."""
    for place in range(_ring_length(size)):
        yield Position(1, place), place, (place + 1) % size


def _pivotal(size: int, pivots: Sequence[int]) -> Iterator[PlacedMatch]:
    """Round 1 + j: pivot j and, in slot s, place s, if they have not met in an earlier round."""
    for number, pivot in enumerate(pivots):
        met = {pivot, (pivot - 1) % size, (pivot + 1) % size, *pivots[:number]}
        for place in range(size):
            if place not in met:
                yield Position(2 + number, place), pivot, place
