"""The bracket of a knockout: who starts where, and how far each match has brought it.

The planner reads the next matches from it, the terminal draws it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from rrm_queue.domain import CandidateNumber, Outcome, Position, Seeding
from rrm_queue.seeds import shuffled


class Node(NamedTuple):
    """A place in the bracket where two entrants meet.

    Slot s of round r is fed by the winners of slots 2s and 2s + 1 of round r - 1. An entrant or
    winner that is not known yet is None. A bye is a node of round 1 without a second entrant: no
    match, its winner is its first.
    """

    position: Position
    first: CandidateNumber | None
    second: CandidateNumber | None
    winner: CandidateNumber | None

    @property
    def bye(self) -> bool:
        """Whether the first entrant goes on without a match."""
        return self.second is None and self.winner is not None

    @property
    def loser(self) -> CandidateNumber | None:
        """Who is out here; None while undecided, and in a bye."""
        if self.winner is None:
            return None
        return self.second if self.winner == self.first else self.first


@lru_cache(maxsize=1024)  # a tournament is planned anew at every flush, and shuffling it is dear
def leaves(size: int, seed: int, seeding: Seeding) -> tuple[CandidateNumber | None, ...]:
    """The bracket's first line, a power of two long: leaves 2s and 2s + 1 meet in round 1.

    Candidates stand in the file's order or in a permutation of the seed; None is a bye. Byes are
    spread evenly: of any part of the bracket the upper half holds as many candidates as the lower
    or one more. So no two byes meet, and a bye is always the second of its pair.
    """
    order = shuffled(size, seed, "bracket") if seeding is Seeding.RANDOM else range(size)
    length = 1 << (size - 1).bit_length()
    return _spread([CandidateNumber(number) for number in order], length)


def _spread(
    candidates: Sequence[CandidateNumber], length: int
) -> tuple[CandidateNumber | None, ...]:
    if length == len(candidates):
        return tuple(candidates)
    if length == 1:
        return (None,)
    middle = (len(candidates) + 1) // 2
    half = length // 2
    return _spread(candidates[:middle], half) + _spread(candidates[middle:], half)


def nodes(
    first_line: Sequence[CandidateNumber | None], matches: Mapping[Position, Outcome | None]
) -> Iterator[Node]:
    """Every node of the bracket over `first_line`, round by round, as far as `matches` tell it.

    Raises ValueError when a decided match has no winner among its entrants: a knockout cannot go
    on from a draw.
    """
    entrants, turn = list(first_line), 1
    while len(entrants) > 1:
        winners: list[CandidateNumber | None] = []
        for slot in range(len(entrants) // 2):
            first, second = entrants[2 * slot], entrants[2 * slot + 1]
            position = Position(turn, slot)
            bye = turn == 1 and second is None
            winner = first if bye else winner_of(position, first, second, matches.get(position))
            winners.append(winner)
            yield Node(position, first, second, winner)
        entrants, turn = winners, turn + 1


def winner_of(
    position: Position,
    first: CandidateNumber | None,
    second: CandidateNumber | None,
    outcome: Outcome | None,
) -> CandidateNumber | None:
    """Who goes on from a match, None while it is undecided.

    Raises ValueError for a draw, and for a winner that is none of the entrants.
    """
    if outcome is None:
        return None
    if outcome.winner is None or outcome.winner not in (first, second):
        raise ValueError(f"{position} of the bracket ended without one of its entrants as winner")
    return outcome.winner


def places(bracket: Sequence[Node]) -> dict[CandidateNumber, int]:
    """Each candidate's rank in a decided bracket: 1 + how many got further.

    Those who lost in the same round share a rank: 1, 2, 3, 3, 5, 5, 5, 5.
    """
    out = {node.loser: node.position.round for node in bracket if node.loser is not None}
    final = bracket[-1]
    if final.winner is not None:
        out[final.winner] = final.position.round + 1
    return placed(out)


def placed(reached: Mapping[CandidateNumber, int]) -> dict[CandidateNumber, int]:
    """Each candidate's rank by the round that it reached: 1 + how many got further."""
    there = Counter(reached.values())
    further = {turn: sum(there[later] for later in there if later > turn) for turn in there}
    return {candidate: 1 + further[turn] for candidate, turn in reached.items()}
