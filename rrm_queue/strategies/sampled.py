"""`sampled`: every candidate meets the same number of others; Bradley-Terry ranks them."""

from functools import lru_cache, partial
from typing import ClassVar

from msgspec import Struct

from rrm_queue.domain import Pairing, Position
from rrm_queue.seeds import shuffled
from rrm_queue.strategies.base import Finished, History, Pairings
from rrm_queue.strategies.circle import circle
from rrm_queue.strategies.slices import in_slices

OTHERS = 8


class Sampled(Struct, frozen=True):
    """A circulant graph: candidates on a circle meet those at a few fixed distances.

    Each meets `others` others, or all where there are fewer. It is one more than `others` where the
    numbers of candidates and of others are both odd, as no graph has an odd sum of degrees.
    """

    others: int = OTHERS

    name: ClassVar[str] = "sampled"
    draws: ClassVar[bool] = True
    looks_back: ClassVar[bool] = False

    def matches(self, size: int) -> int:
        """Each meets m others: n m / 2."""
        return size * self.met(size) // 2

    def met(self, size: int) -> int:
        """How many others each of `size` candidates meets."""
        others = min(self.others, size - 1)
        return others + (others % 2 and size % 2)

    def plan(self, size: int, history: History, seed: int) -> Pairings | Finished:
        """The next slice of the schedule, once half of the last one is decided."""
        scheduled_here = partial(scheduled, size, self.met(size), seed)
        return in_slices(history, self.matches(size), scheduled_here)


def scheduled(size: int, others: int, seed: int, index: int) -> Pairing:
    """The match at `index`, from 0, in O(1) once the circle is drawn.

    The matches that one place has with those ahead of it follow each other, as they share the
    answer in slot 1. Rounds are distances and slots are places on the circle. An odd number of
    others takes in the opposite place, each such pair once, at the schedule's end.
    """
    places, ahead = circle(size, seed), distances(size, others // 2, seed)
    if index < size * len(ahead):
        place, turn = divmod(index, len(ahead))
        other = place + ahead[turn]
    else:
        place, turn = index - size * len(ahead), len(ahead)
        other = place + size // 2
    return Pairing(Position(turn + 1, place), places[place], places[other % size])


@lru_cache(maxsize=256)  # as for the circle
def distances(size: int, count: int, seed: int) -> tuple[int, ...]:
    """How far ahead on the circle those stand whom each place meets: `count` distances.

    1 is always among them, so that the graph is connected. The seed draws the rest from all
    distances up to half the circle. Random distances mix well: for 2,000 candidates with 8 others
    each, the estimates' variance is 1.2 times that of the best graph with as many matches; with
    neighbours only it is 45 times.
    """
    if not count:
        return ()
    rest = shuffled((size - 1) // 2 - 1, seed, "sampled")[: count - 1]
    return (1, *(2 + number for number in rest))
