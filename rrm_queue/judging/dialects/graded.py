"""The dialect `graded`: `A>>B`, `A>B`, `A=B`, `B>A`, `B>>A`, as Arena-Hard's judges write.

`>>` carries the margin 2, `>` the margin 1. A grade stands in brackets or in a box, alone on its
line, or behind words that announce it.
"""

import re

from rrm_queue.judging.dialects.base import NO_MARK, OFF_MENU, Dialect, ParsedVerdict
from rrm_queue.judging.dialects.marks import Mark, decided, leads_in, line_before
from rrm_queue.judging.dialects.words import graded

_SIGN = r"(?:>{1,3}|<{1,3}|={1,2}|(?:&gt;){1,2}|(?:&lt;){1,2}|[\u2248\u226a\u226b])"
_GRADE = rf"(?<![A-Za-z])[ab] ?{_SIGN} ?[ab](?![A-Za-z])"
_MARK = re.compile(
    rf"(?P<open>\\?\[\\?\[|\[|\\boxed\{{(?:\\text\{{)?)?[ ]?(?P<grade>{_GRADE})[ ]?"
    r"(?P<close>\\?\]\\?\]|\]|\}{1,2})?",
    re.I,
)
_LISTED = re.compile(r"\s*(?:\d+[.)]|[-*])\s.{0,80}$")
"""What stands before a grade in a list of them, as prompts have it."""
_REST = re.compile(r"[ \t*_`\"'.!$)]*(?:\n|$)")


def read(answer: str) -> ParsedVerdict:
    """The verdict in the last grade."""
    marks = [
        Mark(found.start(), found.end(), graded(found["grade"]) or OFF_MENU)
        for found in _MARK.finditer(answer)
        if _stands(answer, found)
    ]
    if len(marks) > 1 and _a_list(answer, marks):
        return OFF_MENU
    return decided(answer, marks) or NO_MARK


def _stands(answer: str, found: re.Match[str]) -> bool:
    """Whether the grade is marked as one, not words of a comparison."""
    if not found["grade"].isupper():
        return (found["open"] or "").startswith(("[[", "\\[\\["))
    if found["open"] and found["close"]:
        return True
    before = line_before(answer, found.start())
    return leads_in(before) and _REST.match(answer, found.end()) is not None


def _a_list(answer: str, marks: list[Mark]) -> bool:
    """Whether the last two grades are items of a list that has one of each."""
    one, last = marks[-2:]
    listed = all(_LISTED.match(line_before(answer, mark.start)) for mark in (one, last))
    return listed and one.says != last.says and answer.count("\n", one.end, last.start) == 1


def asked_by(prompt: str) -> bool:
    """Whether the prompt shows that either answer may be better."""
    asked = {graded(found["grade"]) for found in _MARK.finditer(prompt)}
    return len({said.verdict for said in asked if said is not None}) > 1


GRADED = Dialect("graded", "[[A>>B]]", read, asked_by, ties=True, one_token=False)
