"""Where a judge's reasoning says its verdict: the last mark of a known kind."""

import re
from collections import deque
from typing import NamedTuple

_MARK = re.compile(
    r"\\boxed\{(?:[^{}]|\{[^{}]*\})*\}|\[\[[^\[\]]{1,12}\]\]|<answer>.{1,200}?</answer>", re.S
)

KEPT = 4_000
"""Characters of a reasoning that are shown at once; the rest stands behind a fold."""


class Reasoning(NamedTuple):
    """A reasoning in parts: an early one that may be folded, then what stands before the mark.

    `mark` is the verdict's mark, empty where there is none; `after` follows it.
    """

    early: str
    before: str
    mark: str
    after: str


def reasoning(text: str) -> Reasoning:
    """The reasoning with its last mark set apart; its end is what is shown at once."""
    last = deque(_MARK.finditer(text), 1)
    start, end = last[0].span() if last else (len(text), len(text))
    fold = max(0, start - KEPT)
    return Reasoning(text[:fold], text[fold:start], text[start:end], text[end:])
