"""Which answer of a pair is shown first, so that a judge's bias for a slot favours no candidate.

The pairs of a tournament are oriented rotationally: candidates stand on a circle in seeded order,
and each is shown first against those on the half of the circle that follows it. When the judge
favours a slot, this regular orientation ranks better than an uneven one. It costs no cached tokens.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import assert_never

from rrm_queue.domain import CandidateNumber, Order
from rrm_queue.messages import Answer
from rrm_queue.seeds import derive, shuffled


class Orientation:
    """The regular orientation of all pairs of `size` candidates, the same for the same seed."""

    def __init__(self, size: int, seed: int) -> None:
        self._places = _places(size, seed)

    def slot_one(self, first: CandidateNumber, second: CandidateNumber) -> CandidateNumber:
        """The candidate in slot 1 of the match's odd votes, for either order of the arguments.

        Over all pairs, each candidate is in slot 1 equally often; the counts differ by at most one.
        """
        size = len(self._places)
        ahead = (self._places[second] - self._places[first]) % size
        if 2 * ahead == size:
            return first if self._places[first] < self._places[second] else second
        return first if 2 * ahead < size else second


@lru_cache(maxsize=1024)  # a tournament is planned anew at every flush, and shuffling it is dear
def _places(size: int, seed: int) -> Sequence[int]:
    return shuffled(size, seed, "orientation")


def swapped(
    order: Order, number: int, first: Answer, second: Answer, *, seed: int, prompt: str
) -> bool:
    """Whether vote `number` (from 1) of a match shows its second answer first.

    `random` depends on the texts, the vote's number and the job's seed, not on the pair's order.
    """
    match order:
        case Order.BALANCED | Order.BOTH:
            return number % 2 == 0
        case Order.FIXED:
            return second.number < first.number
        case Order.RANDOM:
            low, high = sorted((first.text, second.text))
            lower_first = derive(seed, "order", prompt, low, high, number) & 1 == 1
            return lower_first is not (first.text == low)
        case _:
            assert_never(order)
