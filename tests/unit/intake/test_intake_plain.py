"""The quick way of reading a line gives what the careful one gives, or leaves the line to it."""

import json
from collections.abc import Callable
from typing import TypeVar

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from kit.examples import examples
from kit.intake_shapes import rows_of

from rrm_queue.errors import Problem
from rrm_queue.intake.formats.base import Empty
from rrm_queue.intake.formats.own import OWN, decode_row, parse_line
from rrm_queue.intake.formats.plain import plain_line

T = TypeVar("T")

texts = st.text(max_size=6) | st.sampled_from(["a", "b", " ", "\u2003", "\0", "a\0", "\\u0000"])
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
answers = texts | st.fixed_dictionaries(
    {"text": texts},
    optional={
        "id": scalars | st.sampled_from(["0", "1", "a\n", "x" * 201]),
        "generator": scalars,
        "gold": scalars,
        "rating": scalars,
    },
)
lines = st.fixed_dictionaries(
    {"prompt": texts | scalars, "candidates": st.lists(answers | scalars, max_size=4)},
    optional={
        "id": scalars,
        "reference": scalars,
        "subset": scalars,
        "label": scalars,
        "pairs": st.lists(
            st.fixed_dictionaries({"first": texts, "second": texts}, optional={"label": texts}),
            max_size=2,
        ),
        "else": scalars,
    },
)


def told(read: Callable[..., T], *given: object) -> T | str:
    try:
        return read(*given)
    except Problem as problem:
        return problem.reason


@examples(5)
@given(row=lines, empty=st.sampled_from(Empty))
@example(
    row={"prompt": "p", "candidates": [{"text": "a", "gold": 1e308 * 10}, "b"]}, empty=Empty.KEEP
)
@example(row={"prompt": "p", "candidates": [{"text": "a", "gold": 10**30}] * 2}, empty=Empty.DROP)
@example(
    row={"prompt": "p", "candidates": [{"text": "a", "id": 2**70}, {"text": "b"}]}, empty=Empty.DROP
)
def test_quick_and_careful_reading_agree(row: object, empty: Empty) -> None:
    line = json.dumps(row).encode()
    quick = told(parse_line, line, "7", 7, empty)
    decoded = told(decode_row, line)
    careful = decoded if isinstance(decoded, str) else told(OWN.parse, decoded, "7", 7, empty)
    assert quick == careful
    if not isinstance(quick, str):  # a gold that is true is 1.0 either way
        assert msgspec.json.encode(quick) == msgspec.json.encode(careful)


@pytest.mark.parametrize("name", ["many_gsm8k_4cand", "many_game24_100cand"])
def test_real_files_are_read_quickly(name: str) -> None:
    for row in rows_of(name):
        assert plain_line(json.dumps(row).encode()) is not None
