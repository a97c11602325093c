"""A final answer in its parts: option, name, items of a list, number, unit, expression."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from rrm_queue.judging.engines.reference.markup import tidy
from rrm_queue.judging.engines.reference.units import UNIT, is_letter_unit, unit_words

MOST_ITEMS = 32
"""An answer with more items is compared as a text: comparing them takes quadratic time."""

_OPTION = re.compile(
    r"(?:option |choice )?(?:(?:\\text\{)?\(([A-Ja-j])\)\s*\}?\s*|([A-J])[.):]\s+)(.*)", re.S
)
_LETTER = re.compile(r"(?:option |choice )?([A-Ja-j])\.?", re.I)
_NAME = re.compile(
    r"((?:\\text\{[^{}=]*\}|\\?[A-Za-z][A-Za-z ]*)(?:'|_\{?\w+\}?|\^\{?-1\}?)?"
    r"(?:\([^()=,]{1,20}\))?"
    r"|\([A-Za-z]\w?(?:\s*,\s*[A-Za-z]\w?)*\))\s*(?:=|\\in(?![a-zA-Z])|(?<=[A-Za-z]{2}):(?!\d))\s*"
)
_SUM = re.compile(r"(?:[\d\s.,+*/(){}^-]|\\(?:times|cdot|frac|div)(?![a-zA-Z]))+=([^=]+)")
_ABOUT = re.compile(r"(?:\\approx|approximately|about|roughly|around)\s*", re.I)
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+"
_POWER = (
    r"(?:\s*\\(?:times|cdot)\s*10\s*\^\s*\{?(?P<power>-?\d{1,3})\}?"
    r"|[eE](?P<exponent>[-+]?\d{1,3}))?"
)
_NUMBER = re.compile(
    rf"(?P<sign>[-+]?)\s*(?:(?P<whole>\d+)\s*(?=\\frac)|(?P<apart>\d+)\s+(?=\d+\s*/))?"
    rf"(?:\\frac\s*\{{(?P<above>-?\d+)\}}\s*\{{(?P<below>\d+)\}}"
    rf"|(?P<over>\d+)\s*/\s*(?P<under>\d+)|(?P<plain>{_DIGITS}){_POWER})"
    rf"(?P<percent>\s*(?:%|percent\b|\\text\{{\s*percent\}}))?(?P<tail>{UNIT})?"
)
_TRAILING_UNIT = re.compile(rf"(?P<rest>.*[\d}})]|.*\d.*\S(?=\s*\\text\{{))(?P<tail>{UNIT})", re.S)
_THOUSANDS = re.compile(r"-?\d{1,3}(?:,\d{3})+")
_OPENING, _CLOSING = "([{", ")]}"
_SEPARATOR = re.compile(
    r"\\[{}]|[(\[{)\]}]|,?\s*\b(?:and|or)\b(?![a-z])|[,;]|\\cup(?![a-zA-Z])|\\begin\{[a-z]*matrix\}"
    r"|\\end\{[a-z]*matrix\}"
)


@dataclass(frozen=True, slots=True)
class Number:
    """An exact value; `rounded` when it was written with a decimal point."""

    value: Fraction
    rounded: bool
    percent: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What one side says. `text` compares as text, `expression` is LaTeX for math mode.

    `items` are the parts of a list; `brackets` are what stands around it, such as `[)`, and empty
    for a bare list. `thousands` when the commas of a number could separate a list, too.
    `letter` is a unit or a variable of one letter behind a number.
    """

    text: str
    expression: str
    option: str = ""
    name: str = ""
    number: Number | None = None
    unit: frozenset[str] = frozenset()
    letter: str = ""
    items: tuple["Answer", ...] = ()
    brackets: str = ""
    thousands: bool = False


def read(said: str) -> Answer:
    """The parts of a final answer. Never fails: what is no mathematics is a text."""
    return _read(tidy(said), 0)


def _read(bare: str, depth: int) -> Answer:
    if letter := _LETTER.fullmatch(bare):
        return Answer(_folded(letter[1]), letter[1], option=letter[1].upper())
    option, bare = _split_option(bare)
    name, bare = _split_name(bare)
    bare = _ABOUT.sub("", bare, count=1) if _ABOUT.match(bare) else bare
    if result := _SUM.fullmatch(bare):
        bare = result[1].strip()
    found = _quantity(bare) or _list(bare, depth) or _expression(bare)
    return _marked(found, option, name)


def items_of(number: str) -> tuple[Answer, ...]:
    """The items of a number whose commas separate a list."""
    return tuple(_read(part, 1) for part in number.split(","))


def _marked(answer: Answer, option: str, name: str) -> Answer:
    if not option and not name:
        return answer
    return replace(answer, option=option or answer.option, name=name or answer.name)


def _split_option(bare: str) -> tuple[str, str]:
    found = _OPTION.fullmatch(bare)
    if found is None:
        return "", bare
    letter = (found[1] or found[2]).upper()
    return letter, found[3].strip()


def _split_name(bare: str) -> tuple[str, str]:
    """The name that the answer is given to, and the answer; the last part of a chain of equals."""
    found = _NAME.match(bare)
    if found is None or found.end() == len(bare) or _names_many(bare):
        return "", bare
    rest = bare[found.end() :]
    if "," not in rest and ";" not in rest:
        rest = re.split(r"(?<![<>!\\])=", rest)[-1].strip() or rest
    return _folded(found[1]), rest


def _names_many(bare: str) -> bool:
    """Whether the answer is a list that gives several items a name."""
    return sum(_NAME.match(part) is not None for part in _split(bare) or ()) > 1


def _quantity(bare: str) -> Answer | None:
    found = _NUMBER.fullmatch(bare)
    if found is None:
        return None
    tail = found["tail"] or ""
    unit = unit_words(tail) if tail.strip() else frozenset[str]()
    letter = ""
    if unit is None:
        if not is_letter_unit(tail):
            return None
        unit, letter = frozenset[str](), tail.strip()
    value, rounded = _value(found)
    if value is None:
        return None
    return Answer(
        _folded(bare),
        bare if letter else bare[: len(bare) - len(tail)],
        number=Number(value, rounded, percent=bool(found["percent"])),
        unit=unit,
        letter=letter,
        thousands=_THOUSANDS.fullmatch(bare) is not None,
    )


def _value(found: re.Match[str]) -> tuple[Fraction | None, bool]:
    sign = -1 if found["sign"] == "-" else 1
    whole = int(found["whole"] or found["apart"] or 0)
    if found["plain"]:
        if found["apart"] or found["whole"]:
            return None, False
        plain = found["plain"].replace(",", "")
        scale = Fraction(10) ** int(found["power"] or found["exponent"] or 0)
        return sign * scale * Fraction(plain.rstrip(".") or "0"), "." in plain and scale == 1
    above, below = found["above"] or found["over"], found["below"] or found["under"]
    if not int(below):
        return None, False
    return sign * (whole + Fraction(int(above), int(below))), False


def _list(bare: str, depth: int) -> Answer | None:
    """The answer as a list; None where it is none."""
    if depth > 3:
        return None
    brackets, inner = _unbracketed(bare)
    parts = _split(inner)
    if parts is None or len(parts) > MOST_ITEMS or (len(parts) == 1 and not brackets):
        return None
    if len(parts) == 1:  # a pair of brackets around one thing says nothing, unless it is a set
        return _read(parts[0], depth + 1) if brackets in {"()", "{}"} else None
    items = [_read(one, depth + 1) for part in parts for one in _both_signs(part)]
    return Answer(_folded(bare), bare, items=tuple(items), brackets=brackets)


def _unbracketed(bare: str) -> tuple[str, str]:
    """The brackets around all of the answer, such as `[)`, and what is in them."""
    for opening, closing in (("\\{", "\\}"), ("{", "}")):
        if bare.startswith(opening) and bare.endswith(closing) and _is_one_group(bare):
            return "{}", bare[len(opening) : -len(closing)]
    if bare[:1] in {"(", "["} and bare[-1:] in {")", "]"} and _is_one_group(bare):
        return bare[0] + bare[-1], bare[1:-1]
    return "", bare


def _is_one_group(bare: str) -> bool:
    """Whether the first bracket is closed by the last one."""
    depth = 0
    for mark in _SEPARATOR.finditer(bare):
        depth += _step(mark[0])
        if depth <= 0:
            return mark.end() == len(bare)
    return False


def _split(inner: str) -> Sequence[str] | None:
    """The parts between separators outside all brackets; None for unbalanced brackets."""
    parts, start, depth = [], 0, 0
    for mark in _SEPARATOR.finditer(inner):
        step = _step(mark[0])
        depth += step
        if depth < 0:
            return None
        if not step and not depth:
            parts.append(inner[start : mark.start()])
            start = mark.end()
    parts = [part.strip() for part in (*parts, inner[start:])]
    return [part for part in parts if part] if not depth else None


def _step(mark: str) -> int:
    if mark.startswith("\\begin") or mark[-1] in _OPENING:
        return 1
    return -1 if mark.startswith("\\end") or mark[-1] in _CLOSING else 0


def _both_signs(part: str) -> tuple[str, ...]:
    if part.count(r"\pm") != 1:
        return (part,)
    return part.replace(r"\pm", "+").lstrip("+ "), part.replace(r"\pm", "-")


def _expression(bare: str) -> Answer:
    """An expression, an equation or a text; a unit behind an expression is taken off."""
    if bare.count(r"\pm") == 1:
        signs = tuple(_expression(one) for one in _both_signs(bare))
        return Answer(_folded(bare), bare, items=signs)
    found = _TRAILING_UNIT.fullmatch(bare)
    unit = unit_words(found["tail"]) if found else None
    if found is None or unit is None:
        return Answer(_folded(bare), bare)
    return Answer(_folded(bare), found["rest"].strip(), unit=unit)


_TEXT_COMMAND: Final = re.compile(r"\\text\{([^{}]*)\}")
_SPACE: Final = re.compile(r"(?<=[a-z]) (?=[a-z])|(?<=\d) (?=\d)|( )")


def _folded(bare: str) -> str:
    """The text in lower case, with spaces only between words and between numbers."""
    folded = _TEXT_COMMAND.sub(r"\1", bare).casefold()
    return _SPACE.sub(lambda found: "" if found[1] else " ", " ".join(folded.split()))
