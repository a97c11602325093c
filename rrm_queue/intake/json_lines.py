"""Rows of JSON lines: one object a line, not decoded yet."""

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from rrm_queue.intake import limits
from rrm_queue.intake.limits import NumberedRow, overlong

_SKIPPED_AT_ONCE = 2**16


def rows(stream: BinaryIO) -> Iterator[NumberedRow]:
    """The lines that are not blank; a byte order mark at the start is skipped."""
    number = 0
    longest = limits.LONGEST_LINE
    while line := stream.readline(longest + 1):
        number += 1
        if len(line) > longest:
            _skip_to_end_of_line(stream, line)
            yield number, overlong("line", number)
            continue
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if line and not line.isspace():
            yield number, line


def _skip_to_end_of_line(stream: BinaryIO, last: bytes) -> None:
    while last and not last.endswith(b"\n"):
        last = stream.readline(_SKIPPED_AT_ONCE)
