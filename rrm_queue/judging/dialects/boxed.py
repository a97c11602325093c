r"""The dialect `boxed`: RRM's own, the last `\boxed{Assistant 1}` or `\boxed{Assistant 2}`.

The rule is strict: the last box holds one of the two and nothing else (arXiv 2505.14674, model
card). Only two boxes joined by "or", which repeat the instruction, are no verdict.
"""

from rrm_queue.judging.boxed import boxes, last_boxed
from rrm_queue.judging.dialects.base import (
    FIRST,
    NO_MARK,
    OFF_MENU,
    SECOND,
    Dialect,
    ParsedVerdict,
)
from rrm_queue.judging.dialects.marks import Mark, echoed

_MENU = {"Assistant 1": FIRST, "Assistant 2": SECOND}


def read(answer: str) -> ParsedVerdict:
    """The verdict in the last box."""
    last = last_boxed(answer)
    if last is None:
        return NO_MARK
    said = _MENU.get(last.strip(), OFF_MENU)
    if said is OFF_MENU:
        return said
    marks = [
        Mark(box.start, box.end, _MENU.get(box.content.strip(), OFF_MENU)) for box in boxes(answer)
    ]
    before = marks[-2] if len(marks) > 1 else None
    return OFF_MENU if echoed(answer, before, marks[-1]) else said


def asked_by(prompt: str) -> bool:
    """Whether the prompt shows both boxes."""
    return all(f"\\boxed{{{words}}}" in prompt for words in _MENU)


BOXED = Dialect("boxed", r"\boxed{Assistant 1}", read, asked_by)
