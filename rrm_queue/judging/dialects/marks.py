"""Which of a text's marks is the verdict: the last one that is neither quoted nor an echo.

A judge may repeat its instruction ("answer [[A]] or [[B]]"), quote an answer that holds a mark, or
name the other answer's mark beside its own ("[[A]] over [[B]]"). None of these is a verdict.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from rrm_queue.judging.dialects.base import OFF_MENU, ParsedVerdict

_QUOTES = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb"
_MARKUP = rf"[ \t*_$.;:{_QUOTES}()\\]"
_WITHIN = rf"[ \t*_$:{_QUOTES}()\\]"
"""Markup that ends no sentence."""
_BETWEEN = re.compile(
    rf"(?:{_MARKUP}|\n)*(?:(?:(?<![^\W_])(?:or|and|either|versus|vs)(?![^\W_])|[/|,])"
    rf"(?:{_MARKUP}|\n)*)+",
    re.I,
)
"""What stands between two alternatives."""

_OTHER_FOLLOWS = re.compile(rf"[ \t*_${_QUOTES}]*,?[ \t]*\bor\b", re.I)
_CONDITION = re.compile(
    rf"(?:{_MARKUP}|,)*\b(?:if|when|means|indicates|to indicate|in case)\b", re.I
)
"""What follows an alternative in an instruction: "[[A]] if assistant A is better"."""

_FOR_A_TIE = re.compile(rf"(?:{_MARKUP}|,)*\bfor an? (?:tie|draw)\b", re.I)
"""What follows the last of them."""

_SIDE = re.compile(
    r"\b(?:over|than|not|nor|neither|instead of|against|beats?|defeats?|outperforms?)"
    rf"\b{_WITHIN}*(?:the\b{_WITHIN}*)?$",
    re.I,
)
"""What stands before the answer that is not chosen: "[[A]] over [[B]]"."""

_REPORT = re.compile(
    r"\b(?:(?:says|said|saying|writes|wrote|claims|claimed|claiming|contains?|contained|includes?"
    r"|included|ends|ended|ending|mentions?|mentioned|prints|printed|quot\w+|inject\w*|inserts"
    r"|inserted|tries|tried|attempts|attempted|demands|demanded|asks|asked)"
    r"(?: (?:with|that|the|this|a|an|its|own|me|us|to|for|mark|verdict|text|string|words?|line"
    r"|output|print|write|say|choose|answer|judge|literally|simply|phrase|and|force|make))*"
    rf"|example(?: \w+){{0,4}}:[^.\n]{{0,60}}|e\.g\.,?){_WITHIN}*$",
    re.I,
)
"""What stands before words that are not the judge's own."""

_LEADING = re.compile(
    r"[\W_]*(?:(?:final|my|the|a|an|overall|verdict|decision|answer|choice|judge?ment|winner|better"
    r"|best|assistant|response|output|is|are|therefore|thus|so|hence|in|conclusion|i|choose|pick"
    r"|select|prefer|vote|for|result|rating|ratings|score|scores|would|be|go|with|it|s|we|have"
    r"|label|as|follows|comparison|preference|preferred|good|ok|okay)\b[\W_]*)*",
    re.I,
)
_LOOK_BACK = 120
"""Characters before a mark that say whose words it is."""


class Mark(NamedTuple):
    """A mark in a text, from `start` to `end`, and what it says."""

    start: int
    end: int
    says: ParsedVerdict


def decided(text: str, marks: Sequence[Mark]) -> ParsedVerdict | None:
    """What the last mark of the judge's own says; off the menu when it is an echo.

    None when there is no mark of its own.
    """
    own = (mark for mark in reversed(marks) if not _of_another(text, mark))
    if (last := next(own, None)) is None:
        return None
    before = next(own, None)
    return OFF_MENU if echoed(text, before, last) else last.says


def echoed(text: str, before: Mark | None, last: Mark) -> bool:
    """Whether the last mark is one of several alternatives, as in an instruction."""
    after = text[last.end : last.end + _LOOK_BACK]
    if _OTHER_FOLLOWS.match(after) or _CONDITION.match(after):
        return True
    if before is None or before.says == last.says:
        return False
    if _FOR_A_TIE.match(after) and _CONDITION.match(text, before.end):
        return True
    between = text[before.end : last.start]
    return len(between) <= _LOOK_BACK and _BETWEEN.fullmatch(between) is not None


def leads_in(words: str) -> bool:
    """Whether the words before a mark only announce it: "My final verdict is:"."""
    return len(words) <= _LOOK_BACK and _LEADING.fullmatch(words) is not None


def line_before(text: str, at: int) -> str:
    """What stands before `at` in its line, as far as it matters."""
    begins = text.rfind("\n", max(0, at - _LOOK_BACK - 1), at) + 1
    return text[max(begins, at - _LOOK_BACK - 1) : at]


def _of_another(text: str, mark: Mark) -> bool:
    """Whether the mark is quoted from an answer, or names the answer that is not chosen."""
    line = line_before(text, mark.start)
    if line.lstrip().startswith(">") or _SIDE.search(line) or _REPORT.search(line):
        return True
    quoted = line[-1:] in _QUOTES and text[mark.end : mark.end + 1] in _QUOTES
    return bool(line[-1:]) and quoted and not leads_in(line)
