r"""The dialect `boxed-loose`: RRM's boxes as models write them that were not trained on them.

`\boxed{\text{Assistant 1}}`, `\boxed{assistant~1.}`, `\boxed{A}` and `\boxed{1}` count too. A box
with something else, such as the result of a sum, is passed over.
"""

import re

from rrm_queue.domain import Verdict
from rrm_queue.judging.boxed import Box, boxes
from rrm_queue.judging.dialects.base import NO_MARK, OFF_MENU, Dialect, ParsedVerdict
from rrm_queue.judging.dialects.marks import Mark, decided, leads_in, line_before
from rrm_queue.judging.dialects.words import NOUNS, named, normalised, speaks_of_answers

_NEITHER = re.compile(
    rf"|both\b.*|neither\b.*|none\b.*|either\b.*|unclear|undecided|n/?a|cannot\b.*|unsure"
    rf"|(?:{NOUNS})s? ?\d+(?: ?(?:and|or|/|&|,) ?(?:(?:{NOUNS}) ?)?\d+)?"
    r"|[12ab] ?(?:and|or|/|&|,) ?[12ab]"
)
"""Boxes that answer the question, but with neither of the two."""

_MATHS = re.compile(r"(?<!\\)\$|\\[()\[\]]")
_SENTENCE_END = re.compile(r"[.!?]\s+")
_RESULT = re.compile(r"\b(?:answer|result|output|is|are)\b", re.I)
"""What may announce a result within a paragraph: "The answer is"."""
_FEW = 40
"""Characters around a box in an answer that is only this box."""


def read(answer: str) -> ParsedVerdict:
    """The verdict in the last box that names an answer."""
    found = list(boxes(answer))
    if not found:
        return NO_MARK
    marks = [Mark(box.start, box.end, said) for box in found if (said := _said(answer, box))]
    return decided(answer, marks) or OFF_MENU


def _said(answer: str, box: Box) -> ParsedVerdict | None:
    """What the box says of the two answers; None when it holds something else."""
    words = named(box.content)
    if words is None or words.verdict.margin:
        return OFF_MENU if _NEITHER.fullmatch(normalised(box.content)) else None
    if words.verdict.verdict is Verdict.TIE:
        return OFF_MENU  # the prompt offers none
    return words.verdict if not words.bare or _is_answer(answer, box) else None


def _is_answer(answer: str, box: Box) -> bool:
    r"""Whether a bare number or letter is the judge's choice, and not a result that it quotes.

    It is if it is all that the judge wrote, or if it ends a text about the two answers: alone on
    its line or in its sentence, or announced as a verdict, and not in a formula.
    """
    around = answer[: box.start] + answer[box.end :]
    if len(around.strip()) <= _FEW and not any(map(str.isdigit, around)):
        return True
    rest = answer[box.end :].strip(" \t\r\n*_.$")
    formula = _in_formula(answer, box)
    if rest or formula or not speaks_of_answers(answer):
        return False
    before = line_before(answer, box.start)
    sentence = _SENTENCE_END.split(before)[-1]
    return leads_in(sentence) and (sentence == before or not _RESULT.search(sentence))


def _in_formula(answer: str, box: Box) -> bool:
    paragraph = answer[answer.rfind("\n\n", 0, box.start) + 1 : box.start]
    return len(_MATHS.findall(paragraph)) % 2 == 1


def asked_by(prompt: str) -> bool:
    """Whether the prompt shows a box."""
    return "\\boxed{" in prompt


BOXED_LOOSE = Dialect("boxed-loose", r"\boxed{\text{Assistant 1}}", read, asked_by)
