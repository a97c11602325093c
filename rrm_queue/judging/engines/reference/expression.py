"""Writes an expression as math-verify reads it, and keeps texts and hostile LaTeX away from it."""

import re
from functools import lru_cache
from typing import Final

LONGEST = 300
"""Characters of an expression; the parser's time grows faster than the length."""

DEEPEST = 12
"""Brackets in brackets, above which the parser takes exponential time."""

_FUNCTION = re.compile(
    r"(?<![\\A-Za-z])(sqrt|pi|arcsin|arccos|arctan|sin|cos|tan|sec|csc|cot|log|ln|exp|infinity|inf"
    r"|theta|alpha|beta|gamma|lambda|mu|sigma|phi|omega)(?![A-Za-z])"
)
_COMMANDS: Final = {"infinity": r"\infty ", "inf": r"\infty "}
_REWRITES: Final = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (r"\\text\{([^{}]*)\}", r"\1"),
        (r"\*\*", "^"),
        (r"\*", r"\\cdot "),
        (r"<=", r"\\le "),
        (r">=", r"\\ge "),
        (r"!=", r"\\ne "),
        (r"([\^_])\s*(-?\d{2,}|-\d)", r"\1{\2}"),
        (r"(?<=\d),(?=\d{3}(?!\d))", ""),
    )
)
_GROUP_AFTER = re.compile(r"(\\sqrt\s*|\^\s*)\(")
_HUGE = re.compile(r"\^\s*\{?\s*-?\d{4,}|\^\s*\{?\s*\d+\s*\}?\s*\^|\d{4,}\s*!|!\s*\)*\s*!")
_SYNTAX = re.compile(r"\\(?:begin|end)\{[a-z]*\}|\\[A-Za-z]+")
_LETTERS = re.compile(r"[A-Za-z]+")
_TEXT_MARKS = re.compile(r"[:?\"@#]|[^\x00-\x7f]|\d_")
_OPERATOR = re.compile(r"[\d+\-=<>^/\\]")


@lru_cache(maxsize=4096)
def in_math_mode(expression: str) -> str | None:
    """The expression in LaTeX; None for a text, and for what would take too long to compute."""
    latex = _FUNCTION.sub(_command, expression)
    for pattern, by in _REWRITES:
        latex = pattern.sub(by, latex)
    latex = _braced(latex).strip()
    if not latex or _is_text(latex) or _is_hostile(latex):
        return None
    return latex


def _command(found: re.Match[str]) -> str:
    return _COMMANDS.get(found[1], f"\\{found[1]} ")


def _braced(latex: str) -> str:
    """The same with braces for the round brackets behind a root or a power's sign."""
    start = 0
    while found := _GROUP_AFTER.search(latex, start):
        opening = found.end() - 1
        closing = _closing(latex, opening)
        if closing is not None:
            inner = latex[opening + 1 : closing]
            latex = f"{latex[:opening]}{{{inner}}}{latex[closing + 1 :]}"
        start = opening + 1
    return latex


def _closing(latex: str, opening: int) -> int | None:
    depth = 0
    for place in range(opening, len(latex)):
        depth += (latex[place] == "(") - (latex[place] == ")")
        if not depth:
            return place
    return None


def _is_text(latex: str) -> bool:
    bare = _SYNTAX.sub(" ", latex)
    longest = max(map(len, _LETTERS.findall(bare)), default=0)
    few = longest < 2 or (longest < 4 and _OPERATOR.search(latex) is not None)
    return not few or _TEXT_MARKS.search(latex) is not None


def _is_hostile(latex: str) -> bool:
    depth = deepest = 0
    for character in latex:
        depth += (character in "({[") - (character in ")}]")
        deepest = max(deepest, depth)
    return len(latex) > LONGEST or deepest > DEEPEST or _HUGE.search(latex) is not None
