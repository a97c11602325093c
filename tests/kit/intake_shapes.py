"""Real files as the tests need them: read plainly, and written in every format and container."""

import csv
import gzip
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from rrm_queue.domain import CandidateNumber, Label, LabelledPair, Tournament
from rrm_queue.errors import Problem
from rrm_queue.intake.reader import RowReader, Source, read

if sys.version_info >= (3, 14):
    from compression import zstd as zstd
else:
    from backports import zstd as zstd

DATA = Path(__file__).parents[3] / "shared" / "data"

Row = dict[str, Any]


def rows_of(name: str) -> list[Row]:
    """The rows of a real file; skips the test where the folder of data is not there."""
    if not DATA.is_dir():
        pytest.skip(f"there is no {DATA}")
    with (DATA / f"{name}.jsonl").open("rb") as stream:
        return [json.loads(line) for line in stream]


def many(name: str) -> list[Row]:
    """Rows with many candidates, as prompts, answers and models, without the empty answers."""
    return [
        {
            "id": row["id"],
            "prompt": row["prompt"],
            "reference": row.get("reference"),
            "answers": [
                (candidate.get("name", candidate["id"]), candidate["text"])
                for candidate in row["candidates"]
                if candidate["text"].strip()
            ],
        }
        for row in rows_of(name)
    ]


def jsonl(rows: Iterable[Row]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def array(rows: Iterable[Row]) -> bytes:
    return json.dumps(list(rows), indent=1).encode()


def comma_separated(rows: Iterable[Row]) -> bytes:
    rows = list(rows)
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, list(dict.fromkeys(key for row in rows for key in row)))
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {
                key: json.dumps(value) if isinstance(value, list | dict) else value
                for key, value in row.items()
            }
        )
    return written.getvalue().encode()


def parquet(rows: Iterable[Row]) -> bytes:
    written = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), written, row_group_size=37)
    return written.getvalue()


CONTAINERS: dict[str, Callable[[Iterable[Row]], bytes]] = {
    "JSON lines": jsonl,
    "JSON array": array,
    "CSV": comma_separated,
    "Parquet": parquet,
    "JSON lines, gzip": lambda rows: gzip.compress(jsonl(rows), 1),
    "JSON lines, zstd": lambda rows: zstd.compress(jsonl(rows)),
    "CSV, zstd": lambda rows: zstd.compress(comma_separated(rows)),
    "JSON array, gzip": lambda rows: gzip.compress(array(rows), 1),
}


class Pipe(io.RawIOBase):
    """A stream that cannot seek and gives little at a time, as a pipe does."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._content.read(min(len(buffer), 4099))
        buffer[: len(chunk)] = chunk
        return len(chunk)


def piped(content: bytes) -> io.BufferedReader:
    return io.BufferedReader(Pipe(content))


def reading(*contents: bytes, **options: Any) -> RowReader:
    sources = [Source(f"{place}.in", piped(content)) for place, content in enumerate(contents)]
    return read(sources, **options)


def tournaments(*contents: bytes, **options: Any) -> list[Tournament]:
    """The tournaments; fails on the first problem."""
    return only_tournaments(reading(*contents, **options))


def only_tournaments(items: Iterable[Tournament | Problem]) -> list[Tournament]:
    """The items, none of which may be a problem."""
    items = list(items)
    found = [item for item in items if isinstance(item, Tournament)]
    assert found == items
    return found


def problems(*contents: bytes, **options: Any) -> list[tuple[int | None, str]]:
    return [
        (item.line, item.reason)
        for item in reading(*contents, **options)
        if not isinstance(item, Tournament)
    ]


def labelled_pair(first: int, second: int, label: Label | None) -> LabelledPair:
    return LabelledPair(CandidateNumber(first), CandidateNumber(second), label)


def told(items: Iterable[Tournament]) -> list[tuple[object, ...]]:
    """What a tournament says, whatever its candidates are called and its line is."""
    return [
        (item.key, item.prompt, item.reference, [(c.generator, c.text) for c in item.candidates])
        for item in items
    ]


def interleaved(rows: Iterable[Row], key: str) -> Iterator[Row]:
    """Rows in another order, in which no two neighbours have the same `key`, nor do any move
    past another row of the same one."""
    groups = [list(group) for _, group in groupby(rows, lambda row: row[key])]
    while groups := [group for group in groups if group]:
        for group in groups:
            yield group.pop(0)
