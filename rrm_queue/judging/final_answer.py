"""Finds the final answer in a solution's text. The reference judge compares nothing else.

Solutions mark their final answer in a few usual ways. The marks are searched for from the most
explicit to the least. The last one of a kind counts, because later words correct earlier ones. The
expressions take linear time: a candidate's text may be long and is not trusted.
"""

import re
from collections.abc import Iterator

from rrm_queue.judging.boxed import last_boxed

LONGEST = 400
"""The most characters of a final answer: a longer text is a solution, not an answer."""

_END = r"(?=[.!?;](?:\s|\Z)|,?\s(?:because|since)\b|\n|\Z)"
_FIELD = re.compile(
    r'"(?:final[_ ]?)?answer"\s*:\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",}]+))', re.I | re.S
)
_ESCAPED = re.compile(r'\\(["\\/])')
_HASHES = re.compile(r"####([^\n]+)")
_LABEL = re.compile(
    rf"^[^\w\n]{{0,8}}(?:final answer|answer|a)[^\w\n:]{{0,4}}:([^\n]+?){_END}", re.I | re.M
)
_SAID = re.compile(
    rf"\banswer(?: \w{{1,20}}){{0,6}}?(?: is| was| equals|:)(?!\w)([^\n]+?){_END}", re.I
)
_BOLD = re.compile(rf"\*\*([^*\n]{{1,{LONGEST}}})\*\*")
_RESULT = re.compile(rf"[=≈]([^=≈\n]+?)(?:(?=[=≈])|{_END})")

_MARKUP = re.compile(r"\*\*|\\?\$|[€£¥]|\\[()\[\]!,;: ]|\\(?:left|right|displaystyle)\b")
_WORDS = re.compile(r"\\(?:text|mathrm|textbf)\s*\{([^{}]*)\}")
_QUANTITY = re.compile(
    r"(?P<number>[-\u2212]?\s?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:\s?/\s?\d+)?)(?P<percent>\s?%)?"
    r"[^\d\\^+*/=<>(){}√-]*"
)


def final_answer(text: str) -> str | None:
    """The final answer, without markup and units; None when no mark is found."""
    return next((answer for said in _said_last(text) if (answer := plain(said))), None)


def plain(said: str) -> str:
    """The answer in the text after a mark, without markup and unit; empty when there is none.

    The answer of a calculation (`3 * 4 = 12`) is its result.
    """
    bare = _MARKUP.sub("", _WORDS.sub(r" \1 ", said)).rpartition("=")[2].strip(" \t\r\n\"'`*:.,_")
    if len(bare) > LONGEST or not any(map(str.isalnum, bare)):
        return ""
    quantity = _QUANTITY.fullmatch(bare)
    if quantity is None:
        return bare
    number = quantity["number"].replace("\u2212", "-").replace(",", "").replace(" ", "")
    return f"{number}%" if quantity["percent"] else number


def _said_last(text: str) -> Iterator[str]:
    """The text after the last mark of each kind, the most explicit kind first."""
    for quoted, bare in _FIELD.findall(text)[-1:]:
        yield _ESCAPED.sub(r"\1", quoted) or bare
    yield last_boxed(text) or ""
    yield from _HASHES.findall(text)[-1:]
    for mark in (_LABEL, _SAID):
        yield from mark.findall(text)[-1:]
    for mark in (_BOLD, _RESULT):
        yield from [said for said in mark.findall(text) if any(map(str.isdigit, said))][-1:]
