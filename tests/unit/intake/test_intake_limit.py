"""An input that is larger than allowed once it is unpacked is refused, whatever holds it."""

import gzip
import io
import json
import sys
from collections.abc import Callable
from typing import BinaryIO, cast

import pytest

from rrm_queue.domain import Tournament
from rrm_queue.errors import InputTooLarge
from rrm_queue.intake.reader import Source, read

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ROWS = [{"prompt": f"p{n} " + "x" * 980, "candidates": ["a", "b"]} for n in range(1000)]
LINES = b"".join(json.dumps(row).encode() + b"\n" for row in ROWS)
FIVE = b"".join(LINES.splitlines(keepends=True)[:5])


def csv() -> bytes:
    lines = ["prompt,chosen,rejected", *(f"{row['prompt']},a,b" for row in ROWS)]
    return "\n".join(lines).encode()


def parquet() -> bytes:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow.parquet import write_table

    file = io.BytesIO()
    table = pyarrow.table(
        {"prompt": [r["prompt"] for r in ROWS], "candidates": [["a", "b"]] * 1000}
    )
    write_table(table, file, compression="zstd")
    return file.getvalue()


INPUTS: dict[str, Callable[[], bytes]] = {
    "JSON lines": lambda: LINES,
    "gzip": lambda: gzip.compress(LINES),
    "zstd": lambda: zstd.compress(LINES),
    "a JSON array": lambda: json.dumps(ROWS).encode(),
    "a JSON array, gzip": lambda: gzip.compress(json.dumps(ROWS).encode()),
    "CSV": csv,
    "CSV, zstd": lambda: zstd.compress(csv()),
    "Parquet": parquet,
    "blank lines, gzip": lambda: gzip.compress(FIVE + b"\n" * 2_000_000),
}


class Pipe(io.RawIOBase):
    """A stream that cannot seek, as standard input."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        return self._content.readinto(cast("bytearray", buffer))


@pytest.mark.parametrize("through", [io.BytesIO, lambda c: io.BufferedReader(Pipe(c))])
@pytest.mark.parametrize("name", INPUTS)
def test_an_input_of_more_bytes_is_refused_in_one_line(
    name: str, through: Callable[[bytes], BinaryIO]
) -> None:
    reader = read(through(INPUTS[name]()), max_bytes=500_000)
    read_items: list[object] = []
    with pytest.raises(InputTooLarge, match="unpacks to more than 500 kB; RRMQ_MAX_INPUT") as fault:
        read_items.extend(reader)
    assert "\n" not in str(fault.value)
    assert all(isinstance(item, Tournament) for item in read_items)


@pytest.mark.parametrize("through", [io.BytesIO, lambda c: io.BufferedReader(Pipe(c))])
@pytest.mark.parametrize("name", INPUTS)
def test_an_input_within_the_limit_is_read_whole(
    name: str, through: Callable[[bytes], BinaryIO]
) -> None:
    items = list(read(through(INPUTS[name]()), max_bytes=2_500_000))
    assert all(isinstance(item, Tournament) for item in items)
    assert len(items) == (1000 if "blank" not in name else 5)


def test_the_files_of_a_submission_share_the_limit() -> None:
    def sources() -> list[Source]:
        return [Source("a", io.BytesIO(LINES)), Source("b", io.BytesIO(LINES))]

    with pytest.raises(InputTooLarge):
        list(read(sources(), max_bytes=2 * len(LINES) - 1))
    assert len(list(read(sources(), max_bytes=2 * len(LINES)))) == 2000
