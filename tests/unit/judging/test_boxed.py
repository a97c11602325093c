import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.judging.boxed import last_boxed


@pytest.mark.parametrize(
    ("text", "content"),
    [
        (r"\boxed{1} then \boxed{2}.", "2"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{}", ""),
        ("nothing", None),
        (r"\boxed{1} then \boxed{2", None),
        (r"\boxed 5", None),
    ],
)
def test_the_last_box_counts_and_must_be_closed(text: str, content: str | None) -> None:
    assert last_boxed(text) == content


@given(st.text(st.characters(exclude_characters="{}\\")), st.text())
def test_what_is_put_in_a_box_comes_out(content: str, before: str) -> None:
    assert last_boxed(f"{before}\\boxed{{{content}}} and so on") == content
