"""What a job needs of its tournaments, beyond a prompt and two answers."""

from collections.abc import Callable
from dataclasses import dataclass

from rrm_queue.domain import Tournament
from rrm_queue.errors import Message, Option


@dataclass(frozen=True, slots=True)
class Needs:
    """What the job's judge and strategy need of every tournament.

    `reference`: the right answer. `gold`: how good each candidate is. `pairs`: the pairs to judge,
    each once; two candidates need no list, as they are the only pair. `matches`: how many matches
    the strategy plays among so many candidates, `candidates` how many it can rank; None: as many as
    any. `takes_criteria`: the judge is shown the prompt's
    own criteria; `criteria`: it needs them.
    """

    matches: Callable[[int], int] | None = None
    candidates: int | None = None
    reference: bool = False
    gold: bool = False
    pairs: bool = False
    takes_criteria: bool = False
    criteria: bool = False

    def lack(self, tournament: Tournament) -> str | None:
        """What the tournament lacks, as a message; None when it lacks nothing."""
        size = len(tournament.candidates)
        if self.candidates is not None and size > self.candidates:
            return (
                f"{size:,} candidates are too many for this strategy, which ranks at most "
                f"{self.candidates:,}: choose another, such as sampled or double-elimination"
            )
        if self.matches and (excess := _excess(size, self.matches)):
            return excess
        if self.reference and tournament.reference is None:
            lack = "`reference` is missing; this judge needs it: add it, or choose another with "
            return Message(lack, Option("judge"))
        if self.criteria and tournament.criteria is None:
            lack = "`criteria` is missing; the judge's template shows it: add it, or give "
            return Message(lack, Option("criteria"))
        if self.gold and (unknown := [c.key for c in tournament.candidates if c.gold is None]):
            return f"candidate {unknown[0]!r} has no `gold`; this judge decides by it"
        return _lack_of_pairs(tournament) if self.pairs else None


MOST_CANDIDATES = 4_000
"""Of one tournament: rating a knockout of 4,000 takes 5 s and 0.3 GiB, of 8,000 65 s and 0.7."""

MOST_MATCHES = 2_000_000
"""Of one tournament: rating all pairs of 2,000 takes 10 s and 0.7 GiB, of 4,000 55 s and 2.3."""

NO_NEEDS = Needs()


def _excess(size: int, matches: Callable[[int], int]) -> str | None:
    """What is too large to be rated, if anything is."""
    if size > MOST_CANDIDATES:
        return f"{size:,} candidates are too many; at most {MOST_CANDIDATES:,} can be ranked"
    played = matches(size)
    if played > MOST_MATCHES:
        return (
            f"{size:,} candidates would play {played:,} matches; at most {MOST_MATCHES:,} can be "
            "rated: choose a strategy with fewer, such as sampled or knockout"
        )
    return None


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
