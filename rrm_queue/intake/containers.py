"""Containers: a file's bytes, compressed or not, as rows with their numbers.

A row is a JSON line as it stands, or an object that is decoded already; a Problem stands in place
of a bad one. Rows are numbered from 1 by the line on which they begin, in a JSON array and in
Parquet by their place. No more than a row's worth of memory is held, however the file is made.
"""

import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

from rrm_queue.errors import Problem
from rrm_queue.intake import csv_rows, json_array, json_lines, parquet
from rrm_queue.intake.detection import HEAD, WHITE_SPACE, Compression, Layout, compression, layout
from rrm_queue.intake.formats.fields import Row
from rrm_queue.intake.limits import NumberedRow

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LARGEST_WINDOW = 27
"""Logarithm of the bytes that a zstd frame may ask for; `zstd --ultra -22` asks for no more."""

_CHUNK = 2**18

_READERS: dict[Layout, Callable[[BinaryIO], Iterator[NumberedRow]]] = {
    Layout.LINES: json_lines.rows,
    Layout.ARRAY: json_array.rows,
    Layout.CSV: csv_rows.rows,
    Layout.PARQUET: parquet.rows,
}


@dataclass(frozen=True, slots=True)
class Container:
    """A file's rows, and how it holds them."""

    layout: Layout
    compression: Compression | None
    rows: Iterator[NumberedRow]

    @property
    def description(self) -> str:
        """The container in words, such as `JSON lines, gzip`."""
        return ", ".join([self.layout, *filter(None, [self.compression])])


def open_container(stream: BinaryIO, name: str, recognised: Callable[[Row], bool]) -> Container:
    """What `stream` holds, found out from its first bytes; it need not be seekable.

    `recognised` tells whether a row is of a known format, which makes a line a header of CSV.
    Raises Problem when the file cannot be read at all.
    """
    head, whole = _peeked(stream)
    packing = compression(head)
    if packing is not None:
        with _damage_named(packing):
            head, whole = _peeked(_unpacked(whole, packing))
    found = layout(head, name, lambda line: csv_rows.is_header(line, recognised))
    if found is Layout.PARQUET:
        if packing is not None:
            raise Problem(
                f"a Parquet file must not be compressed again; unpack the {packing} first"
            )
        whole = _rewound(stream) or whole
    return Container(found, packing, _guarded(_READERS[found](whole), packing))


def _unpacked(stream: BinaryIO, packing: Compression) -> BinaryIO:
    match packing:
        case Compression.GZIP:
            return cast("BinaryIO", gzip.GzipFile(fileobj=stream))
        case Compression.ZSTD:
            options = {int(zstd.DecompressionParameter.window_log_max): LARGEST_WINDOW}
            return cast("BinaryIO", zstd.ZstdFile(stream, options=options))


def _guarded(rows: Iterator[NumberedRow], packing: Compression | None) -> Iterator[NumberedRow]:
    """The rows, and a problem in place of the first one that cannot be unpacked or read."""
    number = 0
    try:
        with _damage_named(packing):
            for number, row in rows:
                yield number, row
    except Problem as problem:
        yield number + 1, Problem(problem.reason, number + 1)


@contextmanager
def _damage_named(packing: Compression | None) -> Iterator[None]:
    try:
        yield
    except EOFError:
        raise Problem(f"the {packing} data ends too soon: the file is cut off") from None
    except (zlib.error, zstd.ZstdError, gzip.BadGzipFile) as error:
        raise Problem(f"the {packing} data is damaged: {error}") from None
    except OSError as error:
        raise Problem(f"the file cannot be read: {error.strerror or error}") from None


class _Whole(io.RawIOBase):
    """A stream with the bytes that were taken from its start put back."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = head
        self._read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fills `buffer` with what the stream has at hand."""
        room = memoryview(buffer).cast("B")
        chunk = self._head[: len(room)] or self._read(len(room))
        self._head = self._head[len(room) :]
        room[: len(chunk)] = chunk
        return len(chunk)


def _peeked(stream: BinaryIO) -> tuple[bytes, BinaryIO]:
    """The start of the stream, and the stream as it was; waits for no more than it needs."""
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    head = b""
    while not _is_enough(head) and (chunk := read(HEAD - len(head))):
        head += chunk
    return head, cast("BinaryIO", io.BufferedReader(_Whole(head, stream), _CHUNK))


def _is_enough(head: bytes) -> bool:
    start = head.lstrip(WHITE_SPACE)
    return len(head) >= HEAD or start[:1] in (b"{", b"[") or b"\n" in start


def _rewound(stream: BinaryIO) -> BinaryIO | None:
    """The stream from its start, if it can go back there."""
    if not stream.seekable():
        return None
    stream.seek(0)
    return stream
