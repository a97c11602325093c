"""What a report shows, as frozen values: an action fills them, the page is made of them.

Every text may come from a user's file or a model; the page escapes it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rrm_queue.diagnostics.diagnosis import Diagnosis
from rrm_queue.domain import Seeding, TournamentState
from rrm_queue.ratings.leaderboard import Leaderboard
from rrm_queue.reports.subsets import SubsetTable
from rrm_queue.reports.win_matrix import HeatRow
from rrm_queue.views.closeness import TournamentLine
from rrm_queue.views.matches import TalliedMatch
from rrm_queue.views.tournaments import Answer, TournamentView


class Fact(NamedTuple):
    """A line of a list: a name and its value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Board:
    """The leaderboard, the notes below it, and the win rates between its generators.

    `subsets` is None where the file names none.
    """

    board: Leaderboard
    notes: Sequence[str]
    heat: Sequence[HeatRow] = ()
    subsets: SubsetTable | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """The diagnosis of the job's judge, and what to call the judge."""

    name: str
    diagnosis: Diagnosis


@dataclass(frozen=True, slots=True)
class Summary:
    """A job in a few words: `warnings` first, then the results as `sentences`.

    `facts` are its settings, `cost` is what it cost.
    """

    title: str
    job: str
    state: str
    made: str
    warnings: Sequence[str]
    sentences: Sequence[str]
    facts: Sequence[Fact]
    cost: Sequence[Fact]


class Bracket(NamedTuple):
    """How candidates are placed: `double` for a double elimination."""

    seeding: Seeding
    double: bool


@dataclass(frozen=True, slots=True)
class Tournament:
    """A tournament that the report shows, with as much of it as the report has room for.

    `prompt` and `reference` may be cut; they are None without `texts`. `names` are what all
    candidates are called, by number. `answers` (by rank), `matches` and their votes may be fewer
    than there are: `planned` counts all matches. `bracket` is None for strategies without one.
    `line` is how it stands in a list, `cost` what its votes cost; None without a price of tokens.
    """

    view: TournamentView
    line: TournamentLine
    prompt: str | None
    reference: str | None
    names: Sequence[str]
    answers: Sequence[Answer]
    matches: Sequence[TalliedMatch]
    planned: int
    bracket: Bracket | None
    texts: bool = True
    cost: str | None = None

    @property
    def failed(self) -> bool:
        """Whether it failed."""
        return self.view.state is TournamentState.FAILED


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the page shows.

    `tournaments` are read once and one at a time; `selection` says in words which they are. `board`
    is None where the file names no generators. `priced`: whether tournaments say what they cost.
    """

    summary: Summary
    board: Board | None
    judge: Judge
    tournaments: Iterable[Tournament]
    selection: str
    priced: bool = False
