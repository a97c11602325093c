"""An empty answer, which `--empty keep` lets in, has its place in a judge's prompt."""

import pytest

from rrm_queue.domain import JudgeSpec
from rrm_queue.judging.final_answer import final_answer
from rrm_queue.judging.prompt import messages


@pytest.mark.parametrize("blank", ["", " \n", "\u2003"])
def test_an_empty_answer_leaves_its_heading_and_the_other_answer_as_they_are(blank: str) -> None:
    spec = JudgeSpec("openai", "model")
    rendered = messages(spec, "Which?", blank, "This.")
    user = rendered.messages[-1]["content"]
    assert not rendered.sanitized
    assert f"### Assistant 1\n\n{blank}\n\n\n### Assistant 2\n\nThis.\n" in user
    swapped = messages(spec, "Which?", "This.", blank).messages[-1]["content"]
    assert f"### Assistant 2\n\n{blank}\n\n## Analysis" in swapped


def test_an_empty_answer_ends_on_nothing() -> None:
    assert final_answer("") is None
    assert final_answer(" \n") is None
