"""Rows of a Python program as a stream of JSON lines, like a file of them."""

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from rrm_queue.errors import BadInput, Problem

NAME = "rows"
"""What such a stream is called in messages, and its job's source."""


def stream_of(rows: Iterable[Mapping[str, Any]]) -> BinaryIO:
    """The rows, taken one by one as the stream is read, so that memory does not grow with them.

    Reading raises BadInput for a row that cannot be written as JSON.
    """
    return io.BufferedReader(_Rows(_lines(rows)))


def _lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    for number, row in enumerate(rows, start=1):
        try:
            yield json.dumps(dict(row)).encode() + b"\n"
        except (TypeError, ValueError, RecursionError) as error:
            raise BadInput(
                NAME, [Problem(f"the row cannot be written as JSON: {error}", number)]
            ) from error


class _Rows(io.RawIOBase):
    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = memoryview(next(self._lines, b""))
        part = self._left[: len(buffer)]
        buffer[: len(part)] = part
        self._left = self._left[len(part) :]
        return len(part)
