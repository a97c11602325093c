"""What a job needs of its tournaments, beyond a prompt and two answers."""

from dataclasses import dataclass

from rrm_queue.domain import Tournament
from rrm_queue.errors import Message, Option


@dataclass(frozen=True, slots=True)
class Needs:
    """What the judge and the strategy of a job cannot do without, each for what it is told by.

    `reference`: the right answer. `gold`: how good each candidate is. `pairs`: the file's own, each
    once; two candidates without any are the one pair.
    """

    reference: bool = False
    gold: bool = False
    pairs: bool = False

    def lack(self, tournament: Tournament) -> str | None:
        """Why the tournament is of no use to the job; None when it is."""
        if self.reference and tournament.reference is None:
            lack = "`reference` is missing; the judge `reference` compares with it, "
            return Message(lack, Option("judge"), " names another")
        if self.gold and (unknown := [c.key for c in tournament.candidates if c.gold is None]):
            return f"candidate {unknown[0]!r} has no `gold`; the judge `simulated` decides by it"
        return _lack_of_pairs(tournament) if self.pairs else None


NO_NEEDS = Needs()


def _lack_of_pairs(tournament: Tournament) -> str | None:
    size = len(tournament.candidates)
    if not tournament.pairs and size > 2:
        return f"`pairs` is missing; the strategy `pairs` cannot tell which of {size} to judge"
    seen: set[frozenset[int]] = set()
    for pair in tournament.pairs:
        both = frozenset((pair.first, pair.second))
        if len(both) < 2 or min(both) < 0 or max(both) >= size:
            return f"{pair.first} and {pair.second} are no pair of {size} candidates"
        if both in seen:
            one, two = (tournament.candidates[n].key for n in (pair.first, pair.second))
            return f"`pairs` has {one!r} and {two!r} twice; a pair meets once"
        seen.add(both)
    return None
