"""What an export is: its columns, and the rows that it makes of a finished tournament."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from rrm_queue.views.tournaments import FinishedTournament

Row = Mapping[str, Any]
"""A row: its values by column name, in the order of the columns."""


class Type(StrEnum):
    """What a column holds. A value of any type may be null."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    TRUTH = "truth"
    TEXTS = "texts"
    WHOLES = "wholes"
    MESSAGES = "messages"


class Detail(StrEnum):
    """How much of a tournament's matches an export reads."""

    NOTHING = "nothing"
    MATCHES = "matches"
    VERDICTS = "verdicts"
    VOTES = "votes"


class Export(Protocol):
    """Rows of one kind; the class's fields are its options."""

    detail: ClassVar[Detail]

    @property
    def columns(self) -> Mapping[str, Type]:
        """The columns of every row, in order."""
        ...

    def rows(self, tournament: FinishedTournament) -> Iterator[Row]:
        """The tournament's rows."""
        ...
