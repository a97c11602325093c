"""What a format is, and what every format's rows become.

A `Whole` format has a whole tournament in each row. A `Parts` format has pieces of one in each row,
such as one candidate; `rrm_queue.intake.group_rows` joins the rows of a tournament.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from rrm_queue.domain import Label, Tournament
from rrm_queue.intake.formats.fields import Row


class Empty(StrEnum):
    """What happens to an empty answer.

    `refuse`: the file is refused. `drop`: the answer is left out. `keep`: it is a candidate.
    """

    REFUSE = "refuse"
    DROP = "drop"
    KEEP = "keep"


class Ids(StrEnum):
    """What names a tournament: the id that the file gives, or the line on which it begins."""

    GIVEN = "given"
    LINE = "line"


class Parsed(NamedTuple):
    """A row's tournament, and how many empty answers were left out of it."""

    tournament: Tournament
    dropped: int = 0


class Part(NamedTuple):
    """One candidate's row of a tournament that is spread over several.

    `group` tells tournaments apart. `row_id` names the tournament or the candidate: only all rows
    of the tournament together show which. `prompt` is None where a Question of the same group has
    it. `text` is None for an empty answer that is left out; several turns are several texts.
    `sample` tells the samples of a group and a file apart: one that comes again is skipped.
    """

    group: str
    key: str | None
    row_id: str | None
    prompt: str | None
    candidate: str | None
    text: str | tuple[str, ...] | None
    generator: str | None
    reference: str | None
    subset: str | None
    sample: str | None = None
    criteria: str | None = None


class Question(NamedTuple):
    """The prompt of a group whose answers are other rows; several turns are several texts."""

    group: str
    key: str
    turns: tuple[str, ...]
    reference: str | None
    subset: str | None


class Judgement(NamedTuple):
    """What another judge said of the answers that two models gave in a group."""

    group: str
    key: str
    first: str
    second: str
    label: Label


Piece = Part | Question | Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A kind of row: its name for `--format`, its title for people, and how to recognise it.

    `keys` are all keys that it reads. The values of `lists` are lists; a CSV file writes them as
    JSON. For the keys in `optional`, an empty cell of a CSV file means that there is no value.
    `labels` are the keys whose value says which of two answers is better. Files of different
    formats that `join` are one input: their rows belong together by an id.
    """

    name: str
    title: str
    keys: frozenset[str]
    recognise: Callable[[Row], bool]
    lists: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    labels: tuple[str, ...] = ()
    joins: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole(Format):
    """A format with a tournament in each row."""

    parse: Callable[[Row, str, int, Empty], Parsed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts(Format):
    """A format with pieces of a tournament in each row."""

    parse: Callable[[Row, Empty], Sequence[Piece]]
