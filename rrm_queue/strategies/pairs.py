"""`pairs`: judges the pairs that the file itself names."""

from typing import ClassVar

from msgspec import Struct

from rrm_queue.domain import CandidateNumber, Pairing, Position
from rrm_queue.strategies.base import Finished, History, Pairings
from rrm_queue.strategies.slices import in_slices

Pair = tuple[CandidateNumber, CandidateNumber]


class Pairs(Struct, frozen=True):
    """The file's own pairs, in its order; two candidates without a list are the one pair.

    Intake checks that the pairs name the tournament's candidates, each pair once. It also refuses
    more than two candidates without a list; here such a tournament has no matches.
    """

    pairs: tuple[Pair, ...] = ()

    name: ClassVar[str] = "pairs"
    draws: ClassVar[bool] = True
    looks_back: ClassVar[bool] = False

    def matches(self, size: int) -> int:
        """As many as there are pairs."""
        return len(self._listed(size))

    def plan(self, size: int, history: History, seed: int) -> Pairings | Finished:
        """The next slice of the list, once half of the last one is decided."""
        listed = self._listed(size)
        return in_slices(
            history, len(listed), lambda index: Pairing(Position(1, index), *listed[index])
        )

    def _listed(self, size: int) -> tuple[Pair, ...]:
        if self.pairs or size != 2:
            return self.pairs
        return ((CandidateNumber(0), CandidateNumber(1)),)
