"""Rows of Parquet files, a few at a time; pyarrow comes with `rrmq[parquet]`."""

import shutil
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from rrm_queue.errors import Problem
from rrm_queue.intake import limits
from rrm_queue.intake.byte_limit import ByteLimit
from rrm_queue.intake.limits import NumberedRow, overlong
from rrm_queue.text import first_line, printable

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

_ROWS_AT_ONCE = 64
_BUFFER = 2**20  # bytes; without it pyarrow holds a column of a whole row group


def rows(stream: BinaryIO, limit: ByteLimit) -> Iterator[NumberedRow]:
    """The rows as objects with their place from 1. A stream that cannot seek is copied to disk.

    Raises InputTooLarge when they are more than `limit` has left.
    """
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        yield 1, Problem("reading Parquet needs pyarrow: pip install pyarrow")
        return
    number = 0
    try:
        with _seekable(stream) as source:
            for number, row in _all(
                ParquetFile(source, buffer_size=_BUFFER, pre_buffer=False), limit
            ):
                yield number, row
    except (ArrowException, OSError, ValueError) as error:  # ValueError: text that is not UTF-8
        yield number + 1, Problem(f"not Parquet: {printable(first_line(error))}", number + 1)


def _all(file: "ParquetFile", limit: ByteLimit) -> Iterator[NumberedRow]:
    names = file.schema_arrow.names
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two columns are named {name!r}")
    number = 0
    for batch in file.iter_batches(_ROWS_AT_ONCE):
        limit.take(batch.nbytes)
        for place in range(batch.num_rows):
            number += 1
            one = batch.slice(place, 1)
            if (
                one.get_total_buffer_size() > limits.LONGEST_LINE
                and one.nbytes > limits.LONGEST_LINE
            ):
                yield number, overlong("row", number)
            else:
                yield number, one.to_pylist()[0]


def _seekable(stream: BinaryIO) -> BinaryIO:
    if stream.seekable():
        return stream
    spool = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
    shutil.copyfileobj(stream, spool)
    spool.seek(0)
    return spool
