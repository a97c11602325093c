"""What a file holds, and how matches are played."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from rrm_queue.domain.states import CandidateNumber


class Label(StrEnum):
    """Which answer of a pair the file prefers: what people or an answer key said."""

    FIRST = "first"
    SECOND = "second"
    TIE = "tie"


class Candidate(Struct, frozen=True):
    """One answer; `key` is its id in the file, `generator` the model that wrote it.

    `gold` is how good the file says it is; higher is better, such as 1 for right and 0 for wrong.
    It is sent only to judges that decide by it.
    """

    key: str
    text: str
    generator: str | None = None
    gold: float | None = None


class LabelledPair(Struct, frozen=True):
    """Two candidates that the file pairs; `label` is None when the file does not say who won."""

    first: CandidateNumber
    second: CandidateNumber
    label: Label | None = None


class Tournament(Struct, frozen=True):
    """One prompt and its candidates, as submitted; `line` is its line in the file, from 1.

    `pairs` are the file's own pairs with their labels. `subset` is the part of a benchmark that the
    prompt belongs to. Both are for reports of agreement. `criteria` is what this prompt's answers
    are judged by, for judges that are shown it.
    """

    key: str
    prompt: str
    candidates: tuple[Candidate, ...]
    line: int
    reference: str | None = None
    pairs: tuple[LabelledPair, ...] = ()
    subset: str | None = None
    criteria: str | None = None


class Seeding(StrEnum):
    """How candidates are placed in a bracket."""

    RANDOM = "random"
    GIVEN = "given"


class Position(NamedTuple):
    """A match's place in its tournament: round from 1, slot from 0."""

    round: int
    slot: int


class Pairing(Struct, frozen=True):
    """A match that a strategy asks for.

    `meeting` counts from 1 how often the two meet: a later meeting has votes of its own, and an
    even one shows its answers the other way round.
    """

    position: Position
    first: CandidateNumber
    second: CandidateNumber
    meeting: int = 1


class DecidedBy(StrEnum):
    """What decided a match.

    `equal`: its two answers are the same text, so nobody was asked. `refused`: the judge would not
    take the match, and `Voting.on_refused` decided it.
    """

    VOTES = "votes"
    COIN = "coin"
    EQUAL = "equal"
    REFUSED = "refused"


class ChampionBy(StrEnum):
    """What put a tournament's champion first.

    `votes`: the judge's votes. `coin`: a coin that settled a match which it won. `tie`: nothing but
    Elo, or the seed where Elo is equal: another answer, with another text, shares its rank.
    `refused`: a match that the judge would not take, which it won. `equal`: it met only answers
    with its own text.
    """

    VOTES = "votes"
    COIN = "coin"
    TIE = "tie"
    REFUSED = "refused"
    EQUAL = "equal"

    @property
    def tied(self) -> bool:
        """Whether the votes leave open that another answer is as good."""
        return self in {ChampionBy.COIN, ChampionBy.TIE}


class Outcome(Struct, frozen=True):
    """How a match ended; `winner` is None for a draw."""

    winner: CandidateNumber | None
    decided_by: DecidedBy = DecidedBy.VOTES


class Result(Struct, frozen=True):
    """A decided match, for the ratings; `winner` is None for a draw, and where a coin chose it."""

    first: CandidateNumber
    second: CandidateNumber
    winner: CandidateNumber | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A candidate's line in its tournament's result; tied candidates share a rank (1, 2, 2, 4)."""

    candidate: CandidateNumber
    rank: int
    wins: int
    losses: int
    draws: int
    elo: float
    bt: float
