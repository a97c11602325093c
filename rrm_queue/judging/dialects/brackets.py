"""The dialect `brackets`: `[[A]]`, `[[B]]`, and `[[C]]` for a tie, as MT-bench's judges write."""

import re

from rrm_queue.judging.dialects.base import (
    FIRST,
    NO_MARK,
    SECOND,
    TIE,
    Dialect,
    ParsedVerdict,
)
from rrm_queue.judging.dialects.marks import Mark, decided
from rrm_queue.judging.dialects.words import NOUNS

_MARK = re.compile(rf"\\?\[\\?\[[ ]?(?:(?:{NOUNS}) )?([abc]|tie)[ ]?\\?\]\\?\]", re.I)
_MENU = {"a": FIRST, "b": SECOND, "c": TIE, "tie": TIE}


def read(answer: str) -> ParsedVerdict:
    """The verdict in the last mark."""
    marks = [
        Mark(found.start(), found.end(), _MENU[found[1].lower()])
        for found in _MARK.finditer(answer)
    ]
    return decided(answer, marks) or NO_MARK


def asked_by(prompt: str) -> bool:
    """Whether the prompt shows the marks of both answers."""
    asked = {found[1].lower() for found in _MARK.finditer(prompt)}
    return {"a", "b"} <= asked


BRACKETS = Dialect("brackets", "[[A]]", read, asked_by, ties=True)
