"""Rows in hand are read as the file of them would be, and no faster than they are needed."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.errors import BadInput
from rrm_queue.intake.rows import stream_of

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(st.dictionaries(st.text(), values, max_size=4)), st.integers(1, 50))
def test_the_stream_holds_the_rows_a_line_each(rows: list[dict[str, Any]], size: int) -> None:
    stream, parts = stream_of(rows), []
    while part := stream.read(size):
        parts.append(part)
    lines = b"".join(parts).splitlines()
    assert [json.loads(line) for line in lines] == rows


def test_rows_are_taken_when_they_are_read() -> None:
    taken = []

    def endless() -> Iterator[dict[str, Any]]:
        while True:
            taken.append(1)
            yield {"prompt": "x" * 1000}

    assert len(stream_of(endless()).read(100_000)) == 100_000
    assert len(taken) < 100 + 2 * io.DEFAULT_BUFFER_SIZE // 1000


@pytest.mark.parametrize("row", [{"a": object()}, 3, {"a": {1}}, None, "word"])
def test_what_is_no_row_is_named_by_its_number(row: Any) -> None:
    with pytest.raises(BadInput, match="rows:2: the row cannot be written as JSON"):
        stream_of([{}, row]).read()
