"""Rows of CSV with a header, as in RFC 4180. The delimiter may be a tab or a semicolon too.

A first line such as `sep=;`, which Excel reads, says what the delimiter is.
"""

import codecs
import csv
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from rrm_queue.errors import Problem
from rrm_queue.intake import limits
from rrm_queue.intake.detection import SEPARATOR
from rrm_queue.intake.formats.fields import Row
from rrm_queue.intake.limits import NumberedRow, overlong

_DELIMITERS = ",\t;"


class _Overlong(Exception):
    """A row has more bytes than may be held."""


class _Lines:
    """The file's lines as text. Raises _Overlong when one row takes too many bytes."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._room = limits.LONGEST_LINE
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(self._room + 1)
        if not line:
            raise StopIteration
        self._room -= len(line)
        if self._room < 0:
            raise _Overlong
        self.number += 1
        return _text(line.removeprefix(codecs.BOM_UTF8) if self.number == 1 else line)

    def row_came(self) -> None:
        """Notes that a row is complete: the lines that follow belong to the next row."""
        self._room = limits.LONGEST_LINE


def rows(stream: BinaryIO) -> Iterator[NumberedRow]:
    """The rows under the header as objects of texts, with the line on which each begins.

    A row that is overlong or wrongly quoted is the last one read: nobody can tell where it ends.
    """
    csv.field_size_limit(limits.LONGEST_LINE)  # the default is 128 KiB
    lines = _Lines(stream)
    number = 1
    try:
        first = next(lines, None)
        if first is None:
            return
        if separator := SEPARATOR.match(first.encode()):
            first, delimiter = next(lines, ""), separator[1].decode()
        else:
            delimiter = _delimiter(first)
        header = next(csv.reader([first], delimiter=delimiter, strict=True), [])
        _refuse_repeated_columns(header)
        number = lines.number + 1
        for cells in csv.reader(lines, delimiter=delimiter, strict=True):
            lines.row_came()
            if cells:
                yield number, _row(header, cells, number)
            number = lines.number + 1
    except _Overlong:
        yield number, overlong("row", number)
    except csv.Error as error:
        yield number, Problem(f"not CSV: {error}", number)
    except Problem as problem:
        yield number, Problem(problem.reason, number)


def is_header(line: bytes, recognised: Callable[[Row], bool]) -> bool:
    """Whether a line names the columns of a known format."""
    try:
        text = line.decode()
        columns = next(csv.reader([text], delimiter=_delimiter(text), strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        return False
    return len(columns) > 1 and recognised(dict.fromkeys(columns))


def _row(header: list[str], cells: list[str], number: int) -> dict[str, Any] | Problem:
    if len(cells) == len(header):
        return dict(zip(header, cells, strict=True))
    return Problem(f"the row has {len(cells)} cells, but the header has {len(header)}", number)


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=header.count)


def _refuse_repeated_columns(header: list[str]) -> None:
    for column in header:
        if header.count(column) > 1:
            raise Problem(f"the header names the column {column!r} twice")


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise Problem(f"invalid UTF-8 at byte {error.start + 1}") from None
