"""A table of plain texts is printed as rich prints it, in every style."""

import io
from typing import Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rrm_queue.cli.render import ruled as module
from rrm_queue.cli.render.plain_rows import plain_rows
from rrm_queue.cli.render.ruled import ruled

CELLS = st.one_of(
    st.text(alphabet=st.sampled_from("abc 12.±[]:/漢é\u0301"), max_size=12),
    st.text(max_size=5),
    st.sampled_from(
        ["", "gpt:4", "[b]bold[/b]", ":+1:", " left", "right ", "two\nlines", "a\tb", "\u0301"]
    ),
)
STYLES = st.sampled_from(["", "bold", "red on blue", "dim"])


@st.composite
def tables(draw: st.DrawFn) -> Table:
    table = ruled(title=draw(st.none() | st.builds(Text, CELLS, STYLES)))
    columns = draw(st.integers(1, 5))
    for _ in range(columns):
        if draw(st.booleans()):
            table.add_column(draw(CELLS), overflow="fold", style=draw(STYLES))
        else:
            table.add_column(draw(CELLS), justify="right", no_wrap=True)
    for _ in range(draw(st.integers(0, 4))):
        table.add_row(*(draw(CELLS) for _ in range(columns)), style=draw(STYLES))
    table.caption = draw(st.none() | st.builds(Text, CELLS, STYLES))
    table.caption_justify = "left"
    return table


def screen(width: int, *, encoding: str = "utf-8", **how: Any) -> tuple[Console, io.BytesIO]:
    stream = io.BytesIO()
    file = io.TextIOWrapper(stream, encoding=encoding, errors="backslashreplace")
    settings = {"markup": False, "emoji": False, "highlight": False, **how}
    return Console(file=file, width=width, **settings), stream


def printed(table: Table, width: int, **how: Any) -> bytes:
    console, stream = screen(width, **how)
    console.print(table)
    console.file.flush()
    return stream.getvalue()


COLOURED = {"force_terminal": True, "color_system": "truecolor"}


@given(tables(), st.integers(10, 120), st.sampled_from([{}, COLOURED, {"encoding": "ascii"}]))
def test_it_is_what_rich_prints(table: Table, width: int, how: dict[str, Any]) -> None:
    found = printed(table, width, **how)
    with patch.object(module, "plain_rows", lambda *_: None):
        assert found == printed(table, width, **how)


def taken(table: Table, width: int, **how: Any) -> bool:
    console, _ = screen(width, **how)
    return plain_rows(table, console, console.options) is not None


def test_rich_is_asked_only_where_it_is_needed() -> None:
    table = ruled(title=Text("a title", "bold"))
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("name", overflow="fold")
    table.add_row("1", "[gpt:4]", style="bold")
    assert taken(table, 13)
    assert not taken(table, 12)
    assert not taken(table, 80, markup=True)
    assert not taken(table, 80, emoji=True)
    table.add_row("2", Text("styled"))
    assert not taken(table, 80)
