"""Columns as the text of COPY."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.store.copying import NULL, escaped

values = st.lists(
    st.none()
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
    | st.text(st.sampled_from("\\Nnrt\n\r\t\b\f\v .")),
)
MEANT = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}


def read_back(cell: str) -> str | None:
    """As PostgreSQL reads a cell of COPY's text format."""
    if cell == NULL:
        return None
    assert not set(cell) & set("\n\r\t")
    characters = iter(cell)
    return "".join(MEANT[next(characters)] if one == "\\" else one for one in characters)


@given(values)
def test_every_text_comes_back(column: list[str | None]) -> None:
    assert [read_back(cell) for cell in escaped(column)] == column


@pytest.mark.parametrize("column", [[], [None], [""], ["", None], [None, None, ""], ["", ""]])
def test_columns_of_nothing(column: list[str | None]) -> None:
    assert [read_back(cell) for cell in escaped(column)] == column
