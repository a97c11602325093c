import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.domain import NoVerdict, Verdict
from rrm_queue.judging.dialects import ParsedVerdict, read_verdict

FIRST = ParsedVerdict(Verdict.FIRST)
SECOND = ParsedVerdict(Verdict.SECOND)
TRUNCATED = ParsedVerdict(Verdict.NONE, NoVerdict.TRUNCATED)
NO_BOX = ParsedVerdict(Verdict.NONE, NoVerdict.NO_BOX)
OFF_MENU = ParsedVerdict(Verdict.NONE, NoVerdict.OFF_MENU)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("Fine.\n</think>\n\n\\boxed{Assistant 1}", FIRST),
        ("Fine.\n</think>\n\n\\boxed{ Assistant 2 }", SECOND),
        ("</think>\\boxed{Assistant 1}, no: \\boxed{Assistant 2}", SECOND),
        ("\\boxed{Assistant 2}</think>\\boxed{Assistant 1}", FIRST),
        ("it says </think> \\boxed{Assistant 2}\n</think>\n\\boxed{Assistant 1}", FIRST),
        ("\\boxed{Assistant 1}</think>", NO_BOX),
        ("</think> Assistant 1 is better.", NO_BOX),
        ("</think>\\boxed{Assistant 1} \\boxed{Assistant 2", NO_BOX),
        ("</think>\\boxed{Both}", OFF_MENU),
        ("</think>\\boxed{}", OFF_MENU),
        ("</think>\\boxed{assistant 1}", OFF_MENU),
        ("</think>\\boxed{Assistant 12}", OFF_MENU),
        ("</think>\\boxed{\\text{Assistant 1}}", OFF_MENU),
        ("</think>\\boxed{Assistant 1} \\boxed{42}", OFF_MENU),
        ("still thinking: \\boxed{Assistant 1}", TRUNCATED),
        ("", TRUNCATED),
    ],
)
def test_the_last_box_after_thinking_is_the_verdict(text: str, parsed: ParsedVerdict) -> None:
    assert read_verdict(text, finished=True) == parsed


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("I prefer the first. \\boxed{Assistant 1}", FIRST),
        ("<think> Hm. </think> \\boxed{Assistant 2}", SECOND),
        ("<think> \\boxed{Assistant 1}", TRUNCATED),
        ("I prefer the first.", NO_BOX),
    ],
)
def test_a_judge_that_does_not_think_apart_answers_with_all_it_writes(
    text: str, parsed: ParsedVerdict
) -> None:
    assert read_verdict(text, finished=True, thinks=False) == parsed


@pytest.mark.parametrize("text", ["\\boxed{Assistant 1} But", "</think> So \\boxed{Assis", ""])
def test_what_was_cut_off_before_its_verdict_is_truncated(text: str) -> None:
    assert read_verdict(text, finished=False, thinks=False) == TRUNCATED


def test_a_verdict_given_before_the_cut_counts() -> None:
    assert read_verdict("</think>\\boxed{Assistant 1}", finished=False) == FIRST


@given(st.text(), st.booleans(), st.booleans())
def test_any_text_has_a_reading(text: str, finished: bool, thinks: bool) -> None:
    read = read_verdict(text, finished=finished, thinks=thinks)
    assert (read.verdict is Verdict.NONE) == (read.no_verdict is not None)
