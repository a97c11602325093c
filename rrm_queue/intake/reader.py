"""The reader: files of any format, one row after another, as tournaments and problems."""

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import BinaryIO

from msgspec.structs import replace

from rrm_queue.domain import Tournament
from rrm_queue.errors import MOST_PROBLEMS, Message, Option, Problem
from rrm_queue.intake.byte_limit import UNLIMITED, ByteLimit
from rrm_queue.intake.cells import unpacked
from rrm_queue.intake.column_watch import ColumnWatch
from rrm_queue.intake.containers import Container, open_container
from rrm_queue.intake.detection import Layout
from rrm_queue.intake.formats import named, recognised
from rrm_queue.intake.formats.base import Empty, Format, Ids, Parsed, Part, Parts, Piece, Whole
from rrm_queue.intake.formats.fields import Row
from rrm_queue.intake.formats.labels import LabelNumbers, worded
from rrm_queue.intake.formats.own import OWN, decode_row, parse_line
from rrm_queue.intake.group_rows import RowGroups
from rrm_queue.intake.joined_rows import Spot
from rrm_queue.intake.mapping import refuse_missing_columns, renamed
from rrm_queue.intake.needs import NO_NEEDS, Needs
from rrm_queue.intake.unknown import unfit, unknown_format

MOST_MODELS = 1000
"""The most models that the description of a file counts."""

Item = Tournament | Problem


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read: what it is called and its bytes, which need not be seekable."""

    name: str
    stream: BinaryIO


def read(
    sources: BinaryIO | Sequence[Source],
    *,
    needs: Needs = NO_NEEDS,
    format: str | None = None,  # noqa: A002  # the option's name
    mapping: Mapping[str, str] | None = None,
    empty: Empty = Empty.REFUSE,
    labels: LabelNumbers = LabelNumbers.NONE,
    ids: Ids = Ids.GIVEN,
    max_bytes: int = UNLIMITED,
    name_lines: bool = True,
) -> "RowReader":
    """The tournaments in the files, and a Problem in place of whatever is bad in them.

    `format` names the format; otherwise the first row shows it. `mapping` gives the file's column
    for each key. `empty` says what happens to empty answers, `labels` what numbers as labels mean,
    `ids` what names a tournament. One that lacks one of the `needs` is a Problem. Ends after
    MOST_PROBLEMS problems. Files without a row are one problem that has no line.
    Without `name_lines` a tournament without an id has an empty key.
    Raises UsageFault when no format is called `format`. The reader raises InputTooLarge when the
    files together unpack to more than `max_bytes`.
    """
    files = sources if isinstance(sources, Sequence) else [Source("", sources)]
    known = named(format) if format else None
    limit = ByteLimit(max_bytes)
    reader = RowReader(files, known, mapping or {}, needs, Empty(empty), limit, name_lines)
    reader.labels, reader.ids = LabelNumbers(labels), Ids(ids)
    return reader


class RowReader(Iterator[Item]):
    """Reads item by item; afterwards it describes what it read.

    `dropped` counts the empty answers that were left out. `labels` says what numbers as labels
    mean, `ids` what names a tournament.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        known: Format | None,
        mapping: Mapping[str, str],
        needs: Needs,
        empty: Empty,
        limit: ByteLimit,
        name_lines: bool,
    ) -> None:
        self.dropped = 0
        self.labels = LabelNumbers.NONE
        self.ids = Ids.GIVEN
        self._sources = sources
        self._format = known
        self._forced = known is not None
        self._mapping = mapping
        self._needs = needs
        self._empty = empty
        self._limit = limit
        self._watch = ColumnWatch(self._mapping)
        self._titles: dict[str, None] = {}
        self._name_lines = name_lines
        self._containers: dict[str, None] = {}
        self._tournaments = [0] * len(sources)
        self._models: set[str] = set()
        self._groups: RowGroups | None = None
        self._items = self._limited()

    def __next__(self) -> Item:
        return next(self._items)

    @property
    def description(self) -> str:
        """What was read, such as `TRL preference pairs, JSON lines, gzip`."""
        if self._format is None:
            return "no known format"
        models = len(self._models)
        of = f" of {models} models" if models > 1 else ""
        if models >= MOST_MODELS:
            of = f" of {MOST_MODELS} models or more"
        files = f", {len(self._sources)} files" if len(self._sources) > 1 else ""
        titles = " and ".join(self._titles)
        return f"{titles}{of}, {' and '.join(self._containers)}{files}"

    @property
    def unread(self) -> tuple[str, ...]:
        """The columns of the first rows of each file that were not read."""
        return self._watch.unread()

    def repeat(self, key: str, place: int, line: int, first_place: int, first_line: int) -> Problem:
        """The problem of a line whose id an earlier line has.

        `place` and `first_place` number their tournaments in the order of reading, from 0.
        """
        file, first = self._file_of(place), self._file_of(first_place)
        other = f" of {first}" if first != file else ""
        used = f"the id '{key}' is already used on line {first_line}{other}; "
        lines = Option("ids", Ids.LINE.value)
        return Problem(Message(used, lines, " names tournaments by their lines"), line, file)

    def _file_of(self, place: int) -> str | None:
        """The file of a tournament; tournaments come in the order of their files."""
        return self._file(bisect(list(accumulate(self._tournaments)), place))

    def _limited(self) -> Iterator[Item]:
        problems, read_any = 0, False
        try:
            for item in self._all():
                read_any = True
                yield item
                problems += isinstance(item, Problem)
                if problems == MOST_PROBLEMS:
                    return
        finally:
            if self._groups is not None:
                self._groups.close()
        if not read_any:
            yield Problem("the file is empty")

    def _all(self) -> Iterator[Item]:
        for place, source in enumerate(self._sources):
            try:
                container = open_container(source.stream, source.name, self._fits, self._limit)
                self._containers[container.description] = None
                for item in self._items_of(container, place):
                    yield self._placed(item, place)
            except Problem as problem:
                yield self._placed(Problem(problem.reason, problem.line), place)
        if self._groups is not None:
            for grouped in self._groups.tournaments(self._name):
                self.dropped += grouped.dropped
                yield self._placed(self._checked(grouped.item, grouped.spot), grouped.spot.source)

    def _items_of(self, container: Container, place: int) -> Iterator[Item]:
        """The items of a file's rows; rows that are only parts of a tournament give none yet."""
        known: Format | None = None
        self._watch.next_file()
        for number, row in container.rows:
            spot = Spot(place, number)
            try:
                if isinstance(row, Problem):
                    raise row
                if known is OWN and isinstance(row, bytes) and self._reads_lines():
                    parsed = parse_line(row, self._name(spot), number, self._empty)
                    yield self._whole(parsed, spot)
                    continue
                decoded = decode_row(row) if isinstance(row, bytes) else row
            except Problem as problem:
                # A new one: the caught one's traceback would keep the row in memory.
                yield Problem(problem.reason, number)
                continue
            if known is None:
                known = self._settled(decoded, number)
            if (item := self._item(decoded, known, spot, container.layout)) is not None:
                yield item

    def _reads_lines(self) -> bool:
        """Whether a line of our own format can be decoded straight into a tournament."""
        return not self._mapping and not self._watch.wants_more

    def _settled(self, row: Row, number: int) -> Format:
        """The format that a file's first row shows. Raises Problem: the file cannot be read."""
        try:
            refuse_missing_columns(row, self._mapping)
        except Problem as problem:
            raise Problem(problem.reason, number) from None
        known = self._format if self._forced else recognised(renamed(row, self._mapping))
        if known is None and row:
            raise Problem(unknown_format(row, self._mapping), number)
        known = known or OWN
        if (reason := unfit(known, self._format, self.labels)) is not None:
            raise Problem(reason, number)
        self._format = known
        self._titles[known.title] = None
        return known

    def _item(self, row: Row, known: Format, spot: Spot, layout: Layout) -> Item | None:
        """The item of a row; None when the row is only a part of a tournament."""
        try:
            values = renamed(row, self._mapping) if self._mapping else row
            if layout is Layout.CSV:
                values = unpacked(values, known)
            if self.labels is not LabelNumbers.NONE:
                values = worded(values, known.labels, self.labels)
            values = self._watch.watched(values)
            match known:
                case Whole():
                    parsed = known.parse(values, self._name(spot), spot.line, self._empty)
                    return self._whole(parsed, spot)
                case Parts():
                    for piece in known.parse(values, self._empty):
                        self._add(piece, spot)
            return None
        except Problem as problem:
            return Problem(problem.reason, spot.line)

    def _add(self, piece: Piece, spot: Spot) -> None:
        if self._groups is None:
            self._groups = RowGroups()
        self._groups.add(piece, spot)
        generator = piece.generator if isinstance(piece, Part) else None
        if generator is not None and len(self._models) < MOST_MODELS:
            self._models.add(generator)

    def _whole(self, parsed: Parsed, spot: Spot) -> Item:
        self.dropped += parsed.dropped
        return self._checked(parsed.tournament, spot)

    def _checked(self, item: Item, spot: Spot) -> Item:
        """The item, if it has what the job needs, and named as it is to be.

        Criteria that no judge is shown are left out.
        """
        if isinstance(item, Problem):
            return item
        if (lack := self._needs.lack(item)) is not None:
            return Problem(lack, item.line)
        if item.criteria is not None and not self._needs.takes_criteria:
            item = replace(item, criteria=None)
        return item if self.ids is Ids.GIVEN else replace(item, key=self._name(spot))

    def _placed(self, item: Item, place: int) -> Item:
        """The item; a problem names its file where there are several."""
        if isinstance(item, Problem):
            item.source = self._file(place)
        else:
            self._tournaments[place] += 1
        return item

    def _file(self, place: int) -> str | None:
        return self._sources[place].name if len(self._sources) > 1 else None

    def _name(self, spot: Spot) -> str:
        """The name of a tournament without an id: its line, after its file's number."""
        if not self._name_lines:
            return ""
        return f"{spot.source + 1}:{spot.line}" if len(self._sources) > 1 else str(spot.line)

    def _fits(self, columns: Row) -> bool:
        """Whether these can be the columns of a file that is read here."""
        row = renamed(columns, self._mapping)
        if self._forced and self._format is not None:
            return any(key in row for key in self._format.keys)
        return recognised(row) is not None
