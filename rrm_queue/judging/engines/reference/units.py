"""The unit behind a number: told from a variable, and the same in its usual spellings."""

import re
from typing import Final

_SPELLINGS: Final = {
    "mm": "millimeter millimetre",
    "cm": "centimeter centimetre",
    "m": "meter metre",
    "km": "kilometer kilometre",
    "inch": "in inches",
    "ft": "foot feet",
    "yd": "yard",
    "mi": "mile",
    "mg": "milligram",
    "g": "gram gm",
    "kg": "kilogram",
    "oz": "ounce",
    "lb": "pound",
    "ml": "milliliter millilitre",
    "l": "liter litre",
    "ms": "millisecond",
    "s": "sec second",
    "min": "minute",
    "h": "hr hour",
    "yr": "year",
    "usd": "dollar buck",
    "cent": "",
    "degree": "deg circ",
    "am": "a.m.",
    "pm": "p.m.",
    "hz": "hertz",
    "n": "newton",
    "j": "joule",
    "w": "watt",
    "v": "volt",
    "square": "sq 2 squared",
    "cubic": "cu 3 cubed",
}
_NAMES: Final = {
    spelling: name for name, others in _SPELLINGS.items() for spelling in (name, *others.split())
}
_COMPOUND: Final = {"mph": ("mi", "h"), "kmh": ("km", "h"), "kph": ("km", "h")}
_IGNORED: Final = frozenset({"per", "of", "the", "a", "an", "in", "total"})
_WORD = re.compile(r"[a-z]+\.[a-z]\.|[a-z]+|(?<=\^)[23]")
_NO_UNITS: Final = re.compile(
    r"pi|(?:arc)?(?:sin|cos|tan)|csc|cot|log|ln|exp|sqrt|and|or|mod|inf|infinity"
)

UNIT = (
    r"\s*(?:\^?\{?\\(?:circ|degree)\}?\s*(?:\\text\{)?[CF]?\}?"  # degrees
    r"|\\text\{[^{}]*\}(?:\^\{?[23]\}?)?"
    r"|[A-Za-z][A-Za-z.]*(?:[ /]+[A-Za-z][A-Za-z.]*)*(?:\^\{?[23]\}?)?(?:\s*\([A-Za-z ]*\))?)"
)
"""What may be a unit at an answer's end; `unit_words` tells whether it is one."""


def unit_words(tail: str) -> frozenset[str] | None:
    r"""The unit in what follows a number, as its words; None when that is no unit.

    A single letter is a variable unless it stands in `\text{}`, and so are two letters that are no
    known unit: `3x` and `3ab` are products.
    """
    if "\\" in tail:
        return _words(tail)
    first = re.match(r"\s*([A-Za-z]+)", tail)
    if first is None or _NO_UNITS.fullmatch(first[1].lower()):
        return None
    word, apart = first[1].lower(), tail[0].isspace()
    known = _name(word) is not None and (len(word) > 1 or "/" in tail)
    return _words(tail) if known or (apart and len(word) > 2) else None


def is_letter_unit(tail: str) -> bool:
    """Whether the tail is a single letter, apart from its number, that may name a unit: `5 m`."""
    return tail[:1].isspace() and len(tail.strip()) == 1 and tail.strip().lower() in _NAMES


def agree(one: frozenset[str], two: frozenset[str]) -> bool:
    """Whether two units may be the same: one says no more than the other leaves open."""
    return one <= two or two <= one


def _words(tail: str) -> frozenset[str]:
    words = _WORD.findall(tail.lower().replace("\\text", " ").replace("{", "").replace("}", ""))
    named = (name for word in words for name in _COMPOUND.get(word, (_name(word) or word,)))
    return frozenset(named) - _IGNORED


def _name(word: str) -> str | None:
    """The unit that the word names, also in the plural."""
    return _NAMES.get(word) or _NAMES.get(word.removesuffix("s"))
