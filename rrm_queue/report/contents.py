"""What a report shows, as frozen values: whoever reads a job fills them, the page is made of them.

Every text may come from somebody else's file or model; the page escapes it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rrm_queue.diagnostics.label_report import LabelReport
from rrm_queue.diagnostics.rates import Rate
from rrm_queue.diagnostics.report import JudgeReport
from rrm_queue.domain import CandidateNumber, Seeding
from rrm_queue.ratings.leaderboard import Leaderboard


class Fact(NamedTuple):
    """A line of a list: what it is, and how it stands."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Board:
    """The leaderboard, None where nothing names generators, and what stands below it."""

    board: Leaderboard
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Judge:
    """The diagnostics of the job's judge; `longer`: how often labels prefer the longer answer."""

    name: str
    report: JudgeReport
    labels: Sequence[LabelReport]
    longer: Rate | None


@dataclass(frozen=True, slots=True)
class Summary:
    """A job in a few words.

    `warnings` are what a reader must know first, `sentences` what came out, `facts` the settings;
    `cost` what it took.
    """

    title: str
    job: str
    state: str
    made: str
    warnings: Sequence[str]
    sentences: Sequence[str]
    facts: Sequence[Fact]
    cost: Sequence[Fact]


@dataclass(frozen=True, slots=True)
class Answer:
    """A candidate; `text` may be a beginning of its `length` characters, None for none of it.

    The standing is None before its tournament is done.
    """

    number: CandidateNumber
    key: str
    generator: str | None
    gold: float | None
    length: int
    text: str | None
    rank: int | None = None
    wins: int | None = None
    losses: int | None = None
    draws: int | None = None
    elo: float | None = None
    bt: float | None = None


@dataclass(frozen=True, slots=True)
class Cast:
    """A vote. `chosen` is the candidate it is for, None for a tie and for no verdict.

    `says` puts that into words where there is none; `shown_first` is who stood in slot 1; `notes`
    are tokens and seconds and what is unusual; `text` the reasoning, or its end.
    """

    number: int
    shown_first: CandidateNumber
    chosen: CandidateNumber | None
    says: str
    notes: Sequence[str]
    text: str | None


@dataclass(frozen=True, slots=True)
class Meeting:
    """A match. `state` says what there is instead of a winner: a draw, a failure, no end yet."""

    round: int
    slot: int
    first: CandidateNumber
    second: CandidateNumber
    winner: CandidateNumber | None
    done: bool
    failed: bool
    coin: bool
    state: str
    for_first: int
    for_second: int
    votes: int
    cast: Sequence[Cast] = ()

    @property
    def name(self) -> str:
        """Such as `1.0`, by which `rrmq votes` finds it."""
        return f"{self.round}.{self.slot}"

    @property
    def split(self) -> bool:
        """Whether either side has a vote."""
        return min(self.for_first, self.for_second) > 0


@dataclass(frozen=True, slots=True)
class Carried:
    """A tournament that the file carries.

    `names` are what all candidates are called, by number; `answers` by rank and `meetings` may be
    fewer than there are; `bracket` is how a knockout's or double elimination's is placed, None for
    other strategies.
    """

    key: str
    prompt: str | None
    prompt_length: int
    reference: str | None
    size: int
    seed: int
    state: str
    failed: bool
    error: str | None
    champion: CandidateNumber | None
    names: Sequence[str]
    answers: Sequence[Answer]
    meetings: Sequence[Meeting]
    matches: int
    bracket: "Bracket | None" = None


class Bracket(NamedTuple):
    """How candidates are placed: `double` for a double elimination."""

    seeding: Seeding
    double: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the page shows; `tournaments` are read once, and never held together.

    `carried` says which tournaments these are, `texts` is False where they come without texts.
    """

    summary: Summary
    board: Board | None
    judge: Judge
    tournaments: Iterable[Carried]
    carried: str
    texts: bool
