"""Rows as bytes: JSON lines, CSV or Parquet; pyarrow comes with `rrmq[parquet]`."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from rrm_queue.errors import UsageFault
from rrm_queue.exports.base import Row, Type

if TYPE_CHECKING:
    import pyarrow

Columns = Mapping[str, Type]
Write = Callable[[BinaryIO, Columns, Iterable[Row]], None]

ROWS_AT_ONCE = 256  # rows that become one Arrow batch
GROUP_BYTES = 64 * 2**20  # of Arrow batches in one row group

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs a cell that begins with one of these (OWASP, CSV Injection)."""


def write_json_lines(stream: BinaryIO, columns: Columns, rows: Iterable[Row]) -> None:
    """One object a line, in UTF-8."""
    for row in rows:
        cells = {name: row[name] for name in columns}
        stream.write(json.dumps(cells, ensure_ascii=False, allow_nan=False).encode() + b"\n")


def write_csv(
    stream: BinaryIO, columns: Columns, rows: Iterable[Row], *, defuse: bool = False
) -> None:
    """A header, then one record for each row. Lists are JSON, null is an empty cell.

    With `defuse` a text that a spreadsheet would run as a formula begins with an apostrophe.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
    try:
        writer = csv.writer(text)
        writer.writerow(columns)
        for row in rows:
            writer.writerow([_cell(row[name], defuse=defuse) for name in columns])
    finally:
        text.detach()


def write_parquet(stream: BinaryIO, columns: Columns, rows: Iterable[Row]) -> None:
    """Row groups of about 64 MiB. Raises UsageFault where pyarrow is missing."""
    try:
        import pyarrow
        from pyarrow.parquet import ParquetWriter
    except ImportError as error:
        raise UsageFault("writing Parquet needs pyarrow: pip install pyarrow") from error
    schema = pyarrow.schema([(name, _arrow(type_)) for name, type_ in columns.items()])
    with ParquetWriter(stream, schema, compression="zstd") as writer:
        for group in _groups(rows, schema):
            writer.write_table(pyarrow.Table.from_batches(group, schema))


WRITERS: Mapping[str, Write] = {
    ".jsonl": write_json_lines,
    ".ndjson": write_json_lines,
    ".csv": write_csv,
    ".parquet": write_parquet,
}
"""The writer for each ending of a file name."""


def writer_of(ending: str, *, defuse: bool = False) -> Write:
    """The writer for this ending of a file name. Raises UsageFault for an unknown ending."""
    write = WRITERS.get(ending.lower())
    if write is None:
        raise UsageFault(f"name the file so that it ends in one of {', '.join(WRITERS)}")
    if defuse and write is not write_csv:
        raise UsageFault("only CSV has formulas to defuse")
    return partial(write_csv, defuse=True) if defuse else write


def _cell(value: Any, *, defuse: bool) -> Any:
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    if defuse and isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def _groups(rows: Iterable[Row], schema: "pyarrow.Schema") -> Iterator[list[Any]]:
    """Lists of batches; each list fills one row group."""
    import pyarrow

    group, held, left = [], 0, iter(rows)
    while some := [dict(row) for row in islice(left, ROWS_AT_ONCE)]:
        batch = pyarrow.RecordBatch.from_pylist(some, schema)
        group.append(batch)
        held += batch.nbytes
        if held >= GROUP_BYTES:
            yield group
            group, held = [], 0
    if group:
        yield group


def _arrow(type_: Type) -> Any:
    import pyarrow

    text = pyarrow.string()
    return {
        Type.TEXT: text,
        Type.WHOLE: pyarrow.int64(),
        Type.NUMBER: pyarrow.float64(),
        Type.TRUTH: pyarrow.bool_(),
        Type.TEXTS: pyarrow.list_(text),
        Type.WHOLES: pyarrow.list_(pyarrow.int64()),
        Type.MESSAGES: pyarrow.list_(pyarrow.struct([("role", text), ("content", text)])),
    }[type_]
