r"""The boxes of a text, `\boxed{...}`: where RRM puts its verdict and solutions their answer."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_OPEN = r"\boxed{"
_BRACE = re.compile("[{}]")
_BOX_OR_BRACE = re.compile(rf"{re.escape(_OPEN)}|[{{}}]")


class Box(NamedTuple):
    """A closed box: where it begins and ends in the text, and what stands in it."""

    start: int
    end: int
    content: str


def last_boxed(text: str) -> str | None:
    """What stands in the last box, inner braces included; None where there is none or it is cut."""
    start = text.rfind(_OPEN)
    if start < 0:
        return None
    content = start + len(_OPEN)
    depth = 1
    for brace in _BRACE.finditer(text, content):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return text[content : brace.start()]
    return None


def boxes(text: str) -> list[Box]:
    """All closed boxes in the order in which they begin, those within others too."""
    return sorted(_closed(text))


def _closed(text: str) -> Iterator[Box]:
    opened: list[tuple[int, int] | None] = []
    for found in _BOX_OR_BRACE.finditer(text):
        if found[0] != "}":
            opened.append(found.span() if found[0] == _OPEN else None)
        elif opened and (box := opened.pop()):
            start, content = box
            yield Box(start, found.end(), text[content : found.start()])
