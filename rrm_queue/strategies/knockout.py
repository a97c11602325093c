"""`knockout`: the loser of a match is out; n - 1 matches find the champion."""

from typing import ClassVar

from msgspec import Struct

from rrm_queue.domain import CandidateNumber, Pairing, Seeding
from rrm_queue.strategies.base import Finished, History, Pairings
from rrm_queue.strategies.bracket import leaves, nodes, places


class Knockout(Struct, frozen=True):
    """A single-elimination bracket without round barriers.

    A match can start as soon as both matches that feed it are decided, whatever else of their
    round is still open.
    """

    seeding: Seeding = Seeding.RANDOM

    name: ClassVar[str] = "knockout"
    draws: ClassVar[bool] = False
    looks_back: ClassVar[bool] = True

    def matches(self, size: int) -> int:
        """One for each candidate except the champion."""
        return size - 1

    def plan(self, size: int, history: History, seed: int) -> Pairings | Finished:
        """The matches whose entrants are known and that are not planned yet."""
        if size == 1:
            return Finished(places={CandidateNumber(0): 1})
        bracket = tuple(nodes(leaves(size, seed, self.seeding), history.matches))
        if bracket[-1].winner is not None:
            return Finished(places(bracket))
        return Pairings(
            tuple(
                Pairing(position, first, second)
                for position, first, second, _ in bracket
                if first is not None and second is not None and position not in history.matches
            )
        )
