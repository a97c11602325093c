import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.text import first_line, printable


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


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("it broke\n[SQL: SELECT 1]"), "it broke"),
        (ValueError("\n  it broke\n"), "it broke"),
        (ValueError(), "ValueError"),
    ],
)
def test_an_error_is_told_in_one_line(error: Exception, line: str) -> None:
    assert first_line(error) == line
