"""Reasoning of every kind is left out before a verdict is read; unfinished reasoning has none."""

import pytest

from rrm_queue.domain import NoVerdict, Verdict
from rrm_queue.judging.dialects import ParsedVerdict, read_verdict

KINDS = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<Thinking>", "</Thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("\u25c1think\u25b7", "\u25c1/think\u25b7"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<|channel>thought\n", "<channel|>"),
    (
        "<|channel|>analysis<|message|>",
        "<|end|><|start|>assistant<|channel|>final<|message|>",
    ),
    ("analysisWe ", "assistantfinal"),
]
"""What stands before the reasoning and what stands after it."""

TENTATIVE, DECIDED = r"maybe \boxed{Assistant 2}", r"\boxed{Assistant 1}"


@pytest.mark.parametrize("dialect", ["boxed", "boxed-loose"])
@pytest.mark.parametrize("thinks", [True, False])
@pytest.mark.parametrize(("opening", "closing"), KINDS)
def test_each_kind_of_reasoning_is_left_out(
    opening: str, closing: str, thinks: bool, dialect: str
) -> None:
    def read(text: str) -> ParsedVerdict:
        return read_verdict(text, finished=True, thinks=thinks, dialect=dialect)

    assert read(f"{opening}{TENTATIVE}{closing}{DECIDED}").verdict is Verdict.FIRST
    for unfinished in (f"{opening}{TENTATIVE}", f"{opening}{TENTATIVE} and then I stop"):
        assert read(unfinished).no_verdict is NoVerdict.TRUNCATED
    undecided = read(f"{opening}{TENTATIVE}{closing} I cannot decide.")
    assert undecided.no_verdict is NoVerdict.NO_BOX


@pytest.mark.parametrize("opening", [opening for opening, _ in KINDS[:-1]])
def test_reasoning_that_begins_again_and_does_not_end_is_unfinished(opening: str) -> None:
    text = f"<think>hm</think> Let me see. {opening}{TENTATIVE}"
    assert read_verdict(text, finished=True, thinks=False).no_verdict is NoVerdict.TRUNCATED


@pytest.mark.parametrize("quoted", ["</thinking>", "[/THINK]", "</reasoning>"])
def test_a_judge_that_quotes_another_mark_has_not_ended_its_reasoning(quoted: str) -> None:
    text = f"The answer writes {quoted}. {TENTATIVE}"
    assert read_verdict(text, finished=True).no_verdict is NoVerdict.TRUNCATED


def test_a_text_that_speaks_of_an_analysis_is_an_answer() -> None:
    text = rf"analysis of both: the first. {DECIDED}"
    assert read_verdict(text, finished=True, thinks=False).verdict is Verdict.FIRST
