"""Which pairs the judge decided itself, and which decisions follow from them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field

from rrm_queue.domain import CandidateNumber
from rrm_queue.views.matches import Match

Edge = tuple[CandidateNumber, CandidateNumber]
"""A winner and its loser."""


@dataclass(slots=True)
class Decisions:
    """Who beat whom by the judge's votes.

    `beaten` holds for each candidate those that it beat. A pair that met more than once is decided
    only when every meeting ended the same way. `open_pairs` holds the pairs that are not decided:
    a draw, a coin, or different winners.
    """

    beaten: Mapping[CandidateNumber, Set[CandidateNumber]]
    open_pairs: Set[frozenset[CandidateNumber]]
    _reached: dict[CandidateNumber, set[CandidateNumber]] = field(default_factory=dict)

    @classmethod
    def of(cls, matches: Iterable[Match]) -> "Decisions":
        """The decisions of these matches."""
        ends: dict[frozenset[CandidateNumber], set[CandidateNumber | None]] = defaultdict(set)
        for match in matches:
            ends[frozenset((match.first, match.second))].add(match.judged_winner)
        beaten: dict[CandidateNumber, set[CandidateNumber]] = defaultdict(set)
        undecided = set()
        for pair, winners in ends.items():
            winner = winners.pop()
            if winners or winner is None:
                undecided.add(pair)
            else:
                beaten[winner] |= pair - {winner}
        return cls(beaten, undecided)

    def decided(self, better: CandidateNumber, worse: CandidateNumber) -> bool:
        """Whether the judge itself preferred `better` to `worse`."""
        return worse in self.beaten.get(better, ())

    def implies(self, better: CandidateNumber, worse: CandidateNumber) -> bool:
        """Whether the judge decided so, or it follows: A beat B, B beat C, so A is better than C.

        It never follows for a pair that the judge left open or decided the other way, nor for a
        pair with a chain of decisions in both directions.
        """
        if self.decided(better, worse):
            return True
        if frozenset((better, worse)) in self.open_pairs:
            return False
        return worse in self._below(better) and better not in self._below(worse)

    def pairs(self) -> Iterator[Edge]:
        """All pairs that the judge decided, by winner."""
        for winner in sorted(self.beaten):
            for loser in sorted(self.beaten[winner]):
                yield winner, loser

    def closure(self) -> Iterator[Edge]:
        """All pairs that the judge decided or that follow, by winner."""
        for winner in sorted(self.beaten):
            for loser in sorted(self._below(winner)):
                if self.implies(winner, loser):
                    yield winner, loser

    def _below(self, candidate: CandidateNumber) -> set[CandidateNumber]:
        """All candidates that a chain of decisions reaches from this one."""
        if candidate not in self._reached:
            found: set[CandidateNumber] = set()
            ahead = list(self.beaten.get(candidate, ()))
            while ahead:
                one = ahead.pop()
                if one not in found:
                    found.add(one)
                    ahead += self.beaten.get(one, ())
            self._reached[candidate] = found - {candidate}
        return self._reached[candidate]
