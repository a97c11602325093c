"""What a job needs of its tournaments, beyond a prompt and two answers."""

from dataclasses import dataclass

from rrm_queue.domain import Tournament
from rrm_queue.errors import Message, Option


@dataclass(frozen=True, slots=True)
class Needs:
    """What the job's judge and strategy need of every tournament.

    `reference`: the right answer. `gold`: how good each candidate is. `pairs`: the pairs to judge,
    each once; two candidates need no list, as they are the only pair.
    """

    reference: bool = False
    gold: bool = False
    pairs: bool = False

    def lack(self, tournament: Tournament) -> str | None:
        """What the tournament lacks, as a message; None when it lacks nothing."""
        if self.reference and tournament.reference is None:
            lack = "`reference` is missing; this judge needs it: add it, or choose another with "
            return Message(lack, Option("judge"))
        if self.gold and (unknown := [c.key for c in tournament.candidates if c.gold is None]):
            return f"candidate {unknown[0]!r} has no `gold`; this judge decides by it"
        return _lack_of_pairs(tournament) if self.pairs else None


NO_NEEDS = Needs()


def _lack_of_pairs(tournament: Tournament) -> str | None:
    size = len(tournament.candidates)
    if not tournament.pairs and size > 2:
        return f"`pairs` is missing; name which pairs of the {size} candidates to judge"
    seen: set[frozenset[int]] = set()
    for pair in tournament.pairs:
        both = frozenset((pair.first, pair.second))
        if len(both) < 2 or min(both) < 0 or max(both) >= size:
            return f"{pair.first} and {pair.second} are not two of {size} candidates"
        if both in seen:
            one, two = (tournament.candidates[n].key for n in (pair.first, pair.second))
            return f"`pairs` has {one!r} and {two!r} twice; name each pair once"
        seen.add(both)
    return None
