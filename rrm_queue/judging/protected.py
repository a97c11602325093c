"""The parts of a prompt that no text may forge: its headings, its lines, its delimiters."""

import re
from functools import lru_cache
from typing import NamedTuple

from rrm_queue.judging.folding import fold

_HEADING = re.compile(r"\s*#{1,6}[ \t]+(.*\w)")
_SLOT = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|\{\w+\}")
_WORD = re.compile(r"[^\W_]+")
_BRACKET = re.compile(
    r"</?[A-Za-z][^<>]{0,80}>|\[{1,2}[^\[\]]{0,80}\w[^\[\]]{0,80}\]{1,2}|<\|[^<>|]{1,80}\|>"
)


class Protected(NamedTuple):
    """The literal parts of a prompt, folded as `folding.fold` does it.

    `headings` are the words of headings, `lines` whole lines. `openings` are beginnings of lines,
    up to a slot. All three are in lower case with single spaces. `delimiters` are unchanged marks
    in brackets, such as `</answer>` or `[[A]]`: no text may hold one anywhere.
    """

    headings: frozenset[str] = frozenset()
    lines: frozenset[str] = frozenset()
    openings: tuple[str, ...] = ()
    delimiters: frozenset[str] = frozenset()


@lru_cache(maxsize=64)
def protected_parts(template: str) -> Protected:
    """The literal parts of the template; its slots are left out."""
    headings, lines, openings, delimiters = set(), set(), set(), set()
    for line in map(str.strip, template.splitlines()):
        parts = [part.strip() for part in _SLOT.split(line)]
        delimiters |= {found[0] for part in parts for found in _BRACKET.finditer(part)}
        if not any(map(str.isalpha, parts[0])):
            continue
        if len(parts) > 1:
            openings.add(plain(parts[0]))
        elif heading := _HEADING.match(line):
            headings.add(words(heading[1]))
        else:
            lines.add(plain(line))
    return Protected(
        frozenset(headings), frozenset(lines), tuple(sorted(openings)), frozenset(delimiters)
    )


def plain(line: str) -> str:
    """The line in lower case with single spaces, ready to be compared."""
    return " ".join(fold(line).text.split()).casefold()


def words(line: str) -> str:
    """Only the words of the line, in lower case with single spaces."""
    return " ".join(_WORD.findall(fold(line).text)).casefold()
