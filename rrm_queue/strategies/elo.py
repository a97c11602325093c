"""`elo`: a round robin, in which every pair of candidates meets once."""

from functools import partial
from typing import ClassVar

from msgspec import Struct

from rrm_queue.domain import CandidateNumber, Pairing, Position
from rrm_queue.strategies.base import Finished, History, Pairings
from rrm_queue.strategies.slices import in_slices


class Elo(Struct, frozen=True):
    """All pairs, in slices; a slice costs the same for any number of candidates."""

    name: ClassVar[str] = "elo"
    draws: ClassVar[bool] = True
    looks_back: ClassVar[bool] = False

    def matches(self, size: int) -> int:
        """Every pair once: n(n - 1) / 2."""
        return size * (size - 1) // 2

    def plan(self, size: int, history: History, seed: int) -> Pairings | Finished:
        """The next slice of the schedule, once half of the last one is decided."""
        return in_slices(history, self.matches(size), partial(scheduled, size))


def newcomers(there: int, size: int) -> tuple[Pairing, ...]:
    """The matches of the candidates from number `there` on, each with all before it.

    For a round robin that begins before all of its candidates are known. A round is a newcomer, so
    positions never repeat, and matches that are added later have later ones.
    """
    return tuple(
        Pairing(Position(number, other), CandidateNumber(other), CandidateNumber(number))
        for number in range(there, size)
        for other in range(number)
    )


def scheduled(size: int, index: int) -> Pairing:
    """The match at `index`, from 0, of the round robin of `size` candidates, in O(1).

    The circle method: in round r those meet whose numbers lie equally far to
    either side of r on a circle. With an even size the last candidate stands off the circle and
    meets r itself; with an odd one r sits out. So nobody plays twice in a round.
    """
    odd = size % 2
    turn, slot = divmod(index, size // 2)
    circle = size - 1 + odd
    distance = slot + odd
    first = (turn + distance) % circle
    second = (turn - distance) % circle if distance else size - 1
    return Pairing(Position(turn + 1, slot), CandidateNumber(first), CandidateNumber(second))
