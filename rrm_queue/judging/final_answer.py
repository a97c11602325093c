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
    r'"(?:final[_ ]?)?answer"\s*:\s*(?:"((?:[^"\\]|\\.)*)"|(\[[^\[\]]*\]|[^\s",}]+))', re.I | re.S
)
_CONTENT = re.compile(r"[^\W_]|[\u2205\u221e]")
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


def final_answer(text: str) -> str | None:
    """The final answer as it was written; None when no mark is found."""
    said = (*_said_last(text), *_implied_last(text))
    return next((answer for one in said if (answer := _answer(one))), None)


def named_answer(text: str) -> str | None:
    """The same, of the marks that name an answer: neither bold print nor a calculation."""
    return next((answer for said in _said_last(text) if (answer := _answer(said))), None)


def _answer(said: str) -> str:
    """The text after a mark without what surrounds it; empty where that is no answer."""
    bare = said.strip(" \t\r\n\"'`*:,_")
    return bare if len(bare) <= LONGEST and _CONTENT.search(bare) else ""


def _said_last(text: str) -> Iterator[str]:
    """The text after the last mark of each kind, the most explicit kind first."""
    for quoted, bare in _FIELD.findall(text)[-1:]:
        yield _ESCAPED.sub(r"\1", quoted) or bare
    yield last_boxed(text) or ""
    yield from _HASHES.findall(text)[-1:]
    for mark in (_LABEL, _SAID):
        yield from mark.findall(text)[-1:]


def _implied_last(text: str) -> Iterator[str]:
    """The last number in bold print, and the last result of a calculation."""
    for mark in (_BOLD, _RESULT):
        yield from [said for said in mark.findall(text) if any(map(str.isdigit, said))][-1:]
