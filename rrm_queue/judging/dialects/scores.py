r"""The dialect `scores`: two numbers, the first answer's and the second's; equal ones are a tie.

They stand alone on the first or the last line (`7 9`), behind words that announce them
(`Scores: 7, 9`), or in a box (`\boxed{7, 8}`).
"""

import re

from rrm_queue.judging.boxed import Box, boxes
from rrm_queue.judging.dialects.base import (
    FIRST,
    NO_MARK,
    SECOND,
    TIE,
    Dialect,
    ParsedVerdict,
)
from rrm_queue.judging.dialects.marks import Mark, decided, line_before

_NUMBER = r"-?\d{1,6}(?:\.\d{1,6})?(?:/\d{1,3}(?!\d))?"
_PAIR = re.compile(
    rf"({_NUMBER})(?:[ \t]*[,;|&][ \t]*|[ \t]+(?:and[ \t]+|vs\.?[ \t]+)?)({_NUMBER})"
)
_BARE = re.compile(rf"[ \t*_`\[(]*(?P<pair>{_PAIR.pattern})[ \t*_`.\])]*$", re.M)
_WORD = r"(?:scores?|ratings?|grades?)"
_ANNOUNCED = re.compile(
    rf"\b{_WORD}\b[^\d\n]{{0,60}}[:=][ \t*_`\[(]*(?P<pair>{_PAIR.pattern})"
    r"(?!\w|\.\d|[ \t]*[,;|&+*/=<>-])",
    re.I,
)
_ABOUT = re.compile(rf"\b{_WORD}\b", re.I)
_FENCE = re.compile(r"^```.*?^```", re.M | re.S)


def read(answer: str) -> ParsedVerdict:
    """Which of the last two scores is higher."""
    text = _FENCE.sub(lambda fence: " " * len(fence[0]), answer)
    marks = [mark for mark in (*_lines(text), *_announced(text), *_boxed(text)) if mark]
    return decided(text, sorted(marks)) or NO_MARK


def _lines(text: str) -> list[Mark]:
    """The marks on the first and the last line with text."""
    begin = len(text) - len(text.lstrip())
    end = len(text.rstrip())
    starts = dict.fromkeys((begin, text.rfind("\n", 0, end) + 1))
    return [
        _mark(found)
        for start in starts
        if (found := _BARE.match(text, start)) and not _is_point(found[0])
    ]


def _announced(text: str) -> list[Mark]:
    return [_mark(found)._replace(start=found.start()) for found in _ANNOUNCED.finditer(text)]


def _boxed(text: str) -> list[Mark]:
    """The boxes with two numbers, unless they are a formula's result."""
    return [
        Mark(box.start, box.end, _compared(found[1], found[2]))
        for box in boxes(text)
        if (found := _PAIR.fullmatch(box.content.strip())) and _scored(text, box)
    ]


def _scored(text: str, box: Box) -> bool:
    before = line_before(text, box.start)
    if _ABOUT.search(before):
        return True
    alone = not (text[: box.start] + text[box.end :]).strip(" \n.*$")
    return alone or (not before.rstrip().endswith("$") and _ABOUT.search(text) is not None)


def _mark(found: re.Match[str]) -> Mark:
    one, two = _PAIR.fullmatch(found["pair"]).groups()  # type: ignore[union-attr]  # it matched
    return Mark(found.start("pair"), found.end("pair"), _compared(one, two))


def _is_point(line: str) -> bool:
    """Whether the numbers are in parentheses, as the coordinates of a point are."""
    return "(" in line


def _compared(one: str, two: str) -> ParsedVerdict:
    first, second = _value(one), _value(two)
    return TIE if first == second else FIRST if first > second else SECOND


def _value(score: str) -> float:
    """The score, as a share where it is given as one: 7/10."""
    number, _, most = score.partition("/")
    return float(number) / (float(most) or 1) if most else float(number)


def asked_by(prompt: str) -> bool:
    """Whether the prompt speaks of scores."""
    return _ABOUT.search(prompt) is not None


SCORES = Dialect("scores", "7 9", read, asked_by, ties=True, one_token=False)
