"""Whether a judge on SGLang reasons first."""

import pytest

from rrm_queue.domain import JudgeSpec
from rrm_queue.judging.dialects.thinking import left_open
from rrm_queue.judging.engines.sglang.thinking import thinks


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ("<|im_end|>\n<|im_start|>assistant\n", False),
        ("<|Assistant|><think>\n", True),
        ("<|im_start|>assistant\n<think>\n\n</think>\n\n", False),
        ("[/INST][THINK]", True),
        ("?", False),
    ],
)
def test_a_chat_template_may_begin_an_answer_inside_its_reasoning(
    tail: str, expected: bool
) -> None:
    assert left_open(tail) is expected


@pytest.mark.parametrize(
    ("judge", "opened", "expected"),
    [
        (JudgeSpec("sglang", "rrm-7b"), False, True),
        (JudgeSpec("sglang", "rrm-32b", template="{{ question }}"), False, True),
        (JudgeSpec("sglang", "small"), False, False),
        (JudgeSpec("sglang", "r1"), True, True),
        (JudgeSpec("sglang", "rrm-7b", regex=r"\\boxed\{Assistant 1\}"), False, False),
        (JudgeSpec("sglang", "small", regex=r"[a-z]+</think>"), False, True),
    ],
)
def test_rrm_always_thinks_and_other_models_as_their_template_says(
    judge: JudgeSpec, opened: bool, expected: bool
) -> None:
    assert thinks(judge, opened=opened) is expected
