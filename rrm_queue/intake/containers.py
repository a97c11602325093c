"""Containers: a file's bytes, compressed or not, as rows with their numbers.

A row is an undecoded JSON line or a decoded object. A Problem takes the place of a bad row. Rows
are numbered from 1: by the line on which they begin, or by their place in a JSON array or Parquet.
The memory held is bounded, whatever the file holds.
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
from rrm_queue.intake import csv_rows, json_array, json_lines, json_objects, parquet
from rrm_queue.intake.byte_limit import ByteLimit
from rrm_queue.intake.detection import HEAD, Compression, Layout, compression, is_enough, layout
from rrm_queue.intake.formats.fields import Row
from rrm_queue.intake.limits import NumberedRow
from rrm_queue.intake.utf16 import FromUtf16, is_utf16

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LARGEST_WINDOW = 27
"""A zstd frame may ask for 2**27 bytes at most; `zstd --ultra -22` asks for no more."""

_CHUNK = 2**18

_READERS: dict[Layout, Callable[[BinaryIO], Iterator[NumberedRow]]] = {
    Layout.LINES: json_lines.rows,
    Layout.ARRAY: json_array.rows,
    Layout.CSV: csv_rows.rows,
}


@dataclass(frozen=True, slots=True)
class Container:
    """A file's rows, its layout, its compression and, if it is not UTF-8, its encoding."""

    layout: Layout
    compression: Compression | None
    encoding: str | None
    rows: Iterator[NumberedRow]

    @property
    def description(self) -> str:
        """The container in words, such as `JSON lines, gzip`."""
        return ", ".join([self.layout, *filter(None, [self.encoding, self.compression])])


def open_container(
    stream: BinaryIO, name: str, recognised: Callable[[Row], bool], limit: ByteLimit
) -> Container:
    """The rows of `stream`. Its first bytes tell the container; it need not be seekable.

    `recognised` tells whether a row is of a known format: this is how a header of CSV is found.
    Raises Problem when the file cannot be read at all. Its rows raise InputTooLarge when they are
    more than `limit` has left.
    """
    head = _head(stream)
    packing = compression(head)
    content = stream
    if packing is not None:
        with _damage_named(packing):
            content = _unpacked(_whole(head, stream), packing)
            head = _head(content)
    encoding = "UTF-16" if is_utf16(head) else None
    if encoding:
        recoded = cast("BinaryIO", io.BufferedReader(FromUtf16(_whole(head, content)), _CHUNK))
        head, content = _head(recoded), recoded
    found = layout(head, name, lambda line: csv_rows.is_header(line, recognised))
    if found is Layout.PARQUET:
        if packing is not None:
            raise Problem(
                f"a Parquet file must not be compressed again; unpack the {packing} first"
            )
        # `limit` counts the unpacked rows; the copy on the disk has a limit of its own.
        rows = parquet.rows(_rewound(stream) or _whole(head, stream, limit.anew()), limit)
    elif found is Layout.OBJECTS:
        rows = json_objects.rows(_whole(head, content, limit), recognised)
    else:
        rows = _READERS[found](_whole(head, content, limit))
    return Container(found, packing, encoding, _guarded(rows, packing))


def _unpacked(stream: BinaryIO, packing: Compression) -> BinaryIO:
    match packing:
        case Compression.GZIP:
            return cast("BinaryIO", gzip.GzipFile(fileobj=stream))
        case Compression.ZSTD:
            options = {int(zstd.DecompressionParameter.window_log_max): LARGEST_WINDOW}
            return cast("BinaryIO", zstd.ZstdFile(stream, options=options))


def _guarded(rows: Iterator[NumberedRow], packing: Compression | None) -> Iterator[NumberedRow]:
    """The rows. The first one that cannot be unpacked or read becomes a Problem and is the last."""
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
    """A stream that begins with `head`, the bytes already taken from it. It counts all bytes."""

    def __init__(self, head: bytes, stream: BinaryIO, limit: ByteLimit) -> None:
        self._head = head
        self._read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
        self._limit = limit

    def readable(self) -> bool:
        """True: the stream can be read."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fills `buffer` with the bytes that are available; returns their number."""
        room = memoryview(buffer).cast("B")
        chunk = self._head[: len(room)] or self._read(len(room))
        self._head = self._head[len(room) :]
        room[: len(chunk)] = chunk
        self._limit.take(len(chunk))
        return len(chunk)


def _head(stream: BinaryIO) -> bytes:
    """Takes the start of the stream, and waits for no more bytes than it needs."""
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    head = b""
    while not is_enough(head) and (chunk := read(HEAD - len(head))):
        head += chunk
    return head


def _whole(head: bytes, stream: BinaryIO, limit: ByteLimit | None = None) -> BinaryIO:
    """The stream as it was before `head` was taken; raises InputTooLarge beyond the limit."""
    whole = _Whole(head, stream, limit or ByteLimit())
    return cast("BinaryIO", io.BufferedReader(whole, _CHUNK))


def _rewound(stream: BinaryIO) -> BinaryIO | None:
    """The stream from its start, if it can go back there."""
    if not stream.seekable():
        return None
    stream.seek(0)
    return stream
