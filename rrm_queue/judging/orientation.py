"""Which answer of a pair is shown first, so that no candidate gains from a judge's love of a slot.

The pairs of a tournament are oriented rotationally: candidates stand on a circle in seeded order
and each is shown first against the half of the circle that follows it. A regular orientation ranks
better than a lopsided one when the judge favours a slot, and costs no cached tokens.
"""

from rrm_queue.domain import CandidateNumber
from rrm_queue.seeds import shuffled


class Orientation:
    """The regular orientation of all pairs of `size` candidates, the same for the same seed."""

    def __init__(self, size: int, seed: int) -> None:
        self._places = shuffled(size, seed, "orientation")

    def slot_one(self, first: CandidateNumber, second: CandidateNumber) -> CandidateNumber:
        """Which of the pair stands in slot 1 of the match's odd votes, whichever is named first.

        Over all pairs each candidate stands there equally often, to within one.
        """
        size = len(self._places)
        ahead = (self._places[second] - self._places[first]) % size
        if 2 * ahead == size:
            return first if self._places[first] < self._places[second] else second
        return first if 2 * ahead < size else second


def swapped(number: int) -> bool:
    """Whether vote `number` (from 1) shows the pair the other way round: every even one does."""
    return number % 2 == 0
