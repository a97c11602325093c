"""`double-elimination`: a candidate that has lost twice is out."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import ClassVar, NamedTuple

from msgspec import Struct

from rrm_queue.domain import CandidateNumber, Outcome, Pairing, Position, Seeding
from rrm_queue.strategies.base import Finished, History, Pairings
from rrm_queue.strategies.bracket import leaves, placed, winner_of

NOBODY = CandidateNumber(-1)
"""An entrant that will never exist: in a bye, and as the loser of a match with a bye."""

Matches = Mapping[Position, Outcome | None]


class Meeting(NamedTuple):
    """A place in the brackets where two entrants meet; None stands for one not known yet.

    Whoever meets NOBODY goes on without a match.
    """

    position: Position
    first: CandidateNumber | None
    second: CandidateNumber | None
    winner: CandidateNumber | None
    loser: CandidateNumber | None

    @property
    def playable(self) -> bool:
        """Whether both entrants are known and exist."""
        return not {None, NOBODY} & {self.first, self.second}


class DoubleElimination(Struct, frozen=True):
    """A knockout, a second one for those that lost once, and a final between the two champions.

    Without round barriers: a match can start as soon as its two entrants are known.

    With k = ceil(log2 n), rounds 1 to k are the winners' bracket, placed and numbered as in
    `knockout`; rounds k + 1 to 3k - 2 are the losers' bracket, in which each round among survivors
    is followed by one against those who fall out of the winners' bracket; round 3k - 1 is the
    final, and round 3k decides if the one who had not lost yet loses the final.
    """

    seeding: Seeding = Seeding.RANDOM

    name: ClassVar[str] = "double-elimination"
    draws: ClassVar[bool] = False
    looks_back: ClassVar[bool] = True

    def matches(self, size: int) -> int:
        """At most 2n - 1: all but the champion lose twice, and the champion loses at most once."""
        return 2 * size - 1 if size > 1 else 0

    def plan(self, size: int, history: History, seed: int) -> Pairings | Finished:
        """The matches whose entrants are known and that are not planned yet."""
        if size == 1:
            return Finished(places={CandidateNumber(0): 1})
        first_line = leaves(size, seed, self.seeding)
        brackets = tuple(meetings(first_line, history.matches))
        if brackets[-1].winner is not None:
            return Finished(places(brackets, rounds=(size - 1).bit_length()))
        return Pairings(
            tuple(
                Pairing(meeting.position, meeting.first, meeting.second)
                for meeting in brackets
                if meeting.first is not None
                and meeting.second is not None
                and meeting.playable
                and meeting.position not in history.matches
            )
        )


def meetings(first_line: Sequence[CandidateNumber | None], matches: Matches) -> Iterator[Meeting]:
    """Every meeting of the brackets over `first_line`, in order of position, as far as known.

    The last is the final, or the match after it where one is needed. Raises ValueError when a
    decided match has no winner among its entrants.
    """
    fallen: list[list[CandidateNumber | None]] = []
    entrants = [NOBODY if leaf is None else leaf for leaf in first_line]
    upper: list[CandidateNumber | None] = [*entrants]
    turn = 1
    while len(upper) > 1:
        played = _round(turn, upper[::2], upper[1::2], matches)
        yield from played
        upper, turn = [meeting.winner for meeting in played], turn + 1
        fallen.append([meeting.loser for meeting in played])
    lower = fallen[0]
    for falling, mask in zip(fallen[1:], masks(len(fallen)), strict=True):
        survivors = _round(turn, lower[::2], lower[1::2], matches)
        yield from survivors
        against = [falling[slot ^ mask] for slot in range(len(falling))]
        played = _round(turn + 1, [meeting.winner for meeting in survivors], against, matches)
        yield from played
        lower, turn = [meeting.winner for meeting in played], turn + 2
    (final,) = _round(turn, upper, lower, matches)
    yield final
    if final.winner is not None and final.winner == lower[0]:
        yield from _round(turn + 1, upper, lower, matches)


def _round(
    turn: int,
    firsts: Sequence[CandidateNumber | None],
    seconds: Sequence[CandidateNumber | None],
    matches: Matches,
) -> list[Meeting]:
    return [
        _meeting(Position(turn, slot), first, second, matches)
        for slot, (first, second) in enumerate(zip(firsts, seconds, strict=True))
    ]


def _meeting(
    position: Position,
    first: CandidateNumber | None,
    second: CandidateNumber | None,
    matches: Matches,
) -> Meeting:
    if NOBODY in (first, second):
        return Meeting(position, first, second, second if first == NOBODY else first, NOBODY)
    winner = winner_of(position, first, second, matches.get(position))
    loser = None if winner is None else second if winner == first else first
    return Meeting(position, first, second, winner, loser)


@lru_cache(maxsize=64)
def masks(rounds: int) -> tuple[int, ...]:
    """Where the losers of rounds 2 to `rounds` of the winners' bracket go.

    The loser of slot s meets the survivor in slot s ^ mask of the losers' bracket. Two that met in
    the winners' bracket come from one part of it; a slot of the losers' bracket has been fed by
    some parts, and the mask is the one that takes every loser as far away as can be from where its
    own part has been. So rematches wait for the last rounds, as far as they can be avoided.
    """
    found: list[int] = []
    parts = {0}  # a slot s has been fed by the parts s ^ a, for each a of these
    for width in range(rounds - 2, -1, -1):
        mask = max(range(1 << width), key=lambda mask: min(mask ^ part for part in parts))
        found.append(mask)
        parts = {part >> 1 for part in {*parts, mask}}
    return tuple(found)


def places(brackets: Sequence[Meeting], rounds: int) -> dict[CandidateNumber, int]:
    """Each candidate's rank in decided brackets: 1 + the number of those that got further.

    Those who lost for the second time in the same round share a rank: 1, 2, 3, 4, 5, 5, 7, 7.
    `rounds` is how many the winners' bracket has, in which a loser is not out yet.
    """
    reached: dict[CandidateNumber, int] = {}
    for meeting in brackets:
        if meeting.position.round > rounds and meeting.loser not in (None, NOBODY):
            reached[meeting.loser] = meeting.position.round
    final = brackets[-1]
    if final.winner is not None:
        reached[final.winner] = final.position.round + 1
    return placed(reached)
