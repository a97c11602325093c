"""What an export is: the rows that one finished tournament gives, and their columns."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, Protocol

from rrm_queue.domain import Candidate, CandidateNumber, DecidedBy, Outcome, Pairing, Standing, Vote

Row = Mapping[str, Any]
"""A row by its columns' names, in their order."""


class Type(StrEnum):
    """What a column holds; any may be null."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    TRUTH = "truth"
    TEXTS = "texts"
    WHOLES = "wholes"
    MESSAGES = "messages"


class Detail(StrEnum):
    """How much of its matches an export needs of a tournament."""

    NOTHING = "nothing"
    MATCHES = "matches"
    VERDICTS = "verdicts"
    VOTES = "votes"


class Match(NamedTuple):
    """A decided match; `votes` by number, empty for an export that does not need them."""

    pairing: Pairing
    outcome: Outcome
    votes: Sequence[Vote] = ()

    @property
    def by_judge(self) -> CandidateNumber | None:
        """The winner by the judge's own votes; None for a draw, and where a coin broke one."""
        return self.outcome.winner if self.outcome.decided_by is DecidedBy.VOTES else None


@dataclass(frozen=True, slots=True)
class Finished:
    """A tournament with its result.

    `candidates` are by number, `standings` by rank with the champion first. `matches` come by
    round and slot; they are streamed and can be walked through once.
    """

    key: str
    prompt: str
    candidates: Sequence[Candidate]
    standings: Sequence[Standing]
    matches: Iterable[Match] = ()

    def named(self, number: CandidateNumber) -> Candidate:
        """The candidate of this number."""
        return self.candidates[number]


class Export(Protocol):
    """Rows of one kind; a class's fields are the options that it takes."""

    detail: ClassVar[Detail]

    @property
    def columns(self) -> Mapping[str, Type]:
        """The columns of every row, in order."""
        ...

    def rows(self, tournament: Finished) -> Iterator[Row]:
        """The tournament's rows."""
        ...
