"""The circle on which a tournament's candidates stand in seeded order."""

from functools import lru_cache

from rrm_queue.domain import CandidateNumber
from rrm_queue.seeds import shuffled


@lru_cache(maxsize=256)  # a tournament is planned anew at every flush, and shuffling it is dear
def circle(size: int, seed: int) -> tuple[CandidateNumber, ...]:
    """The candidates in the order of the circle by which `judging.orientation` orients pairs.

    There whoever has the other in the half of the circle ahead stands in slot 1. A strategy that
    pairs each place with the places at fixed distances ahead is thus balanced over the slots by
    construction, as it would not be on a circle of its own; the tests hold the two together.
    """
    places = shuffled(size, seed, "orientation")
    return tuple(map(CandidateNumber, sorted(range(size), key=places.__getitem__)))
