"""The dialect `answer-tag`: the last `<answer>...</answer>`, with `A`, `[[B]]`, `Assistant 1`."""

import re

from rrm_queue.judging.dialects.base import NO_MARK, OFF_MENU, Dialect, ParsedVerdict
from rrm_queue.judging.dialects.marks import Mark, decided
from rrm_queue.judging.dialects.words import LONGEST, named

_TAG = re.compile(rf"<answer>((?:(?!</?answer>)[\s\S]){{0,{LONGEST}}})(?:</answer>|\s*\Z)", re.I)
_OPEN = re.compile(r"<answer>", re.I)
_BOX = re.compile(r"\s*\\boxed\{(.*)\}\s*", re.S)


def read(answer: str) -> ParsedVerdict:
    """The verdict in the last tag.

    The closing tag may be missing at the end: it is often a stop word.
    """
    marks = [Mark(found.start(), found.end(), _said(found[1])) for found in _TAG.finditer(answer)]
    opened = sum(1 for _ in _OPEN.finditer(answer))
    if not marks:
        return OFF_MENU if opened else NO_MARK
    if _OPEN.search(answer, marks[-1].end):
        return OFF_MENU
    return decided(answer, marks) or NO_MARK


def _said(inside: str) -> ParsedVerdict:
    if box := _BOX.fullmatch(inside):
        inside = box[1]
    words = named(inside)
    return words.verdict if words else OFF_MENU


def asked_by(prompt: str) -> bool:
    """Whether the prompt shows the tag."""
    return _OPEN.search(prompt) is not None


ANSWER_TAG = Dialect("answer-tag", "<answer>A</answer>", read, asked_by, ties=True)
