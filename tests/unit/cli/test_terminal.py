import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.cli.render.terminal import lenient, printable


@given(st.text())
def test_nothing_that_a_terminal_obeys_or_hides_is_left(text: str) -> None:
    assert printable(text).isprintable()


@given(st.text(alphabet=st.characters(categories=["L", "N", "P"])))
def test_ordinary_text_is_shown_as_it_is(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("two\nlines", r"two\nlines"),
        ("a\u202eb", r"a\u202eb"),
        ("[bold]x[/bold]", "[bold]x[/bold]"),
    ],
)
def test_commands_are_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_narrow_encoding_does_not_end_the_command() -> None:
    raw = io.BytesIO()
    stream = lenient(io.TextIOWrapper(raw, encoding="ascii"))
    stream.write("é")
    stream.flush()
    assert raw.getvalue() == rb"\xe9"
