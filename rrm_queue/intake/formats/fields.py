"""Checks of a row's values, the same for every format and file. Every message names the place.

A place is written as jq writes it: `candidates[3].text` is the fourth candidate's text.
"""

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeGuard

import msgspec

from rrm_queue.errors import Problem

LONGEST_ID = 200
"""The most characters of an id. Ids are printed in tables and are part of unique keys."""

MISSING = msgspec.UNSET
"""The value of a key that is missing; null is `None`."""

Row = Mapping[str, Any]

_MOST_DIGITS = 30
"""Of a decimal number that is an id."""

_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class WrittenDecimal(str):
    """A number with a fraction or an exponent, as it is written: 1.50 stays 1.50."""

    __slots__ = ()


def text(value: object, place: str) -> str:
    """`value`, if it is text that can be judged. Raises Problem otherwise."""
    if value is MISSING:
        raise Problem(f"`{place}` is missing")
    if not is_text(value):
        raise Problem(f"`{place}` is {kind(value)}, expected text")
    if not value or value.isspace():
        raise Problem(f"`{place}` is empty")
    if "\0" in value:
        raise Problem(f"`{place}` holds a NUL character, which PostgreSQL cannot store")
    return value


def optional_text(value: object, place: str) -> str | None:
    """`value` as text; None when it is absent."""
    return None if is_absent(value) else text(value, place)


def identifier(value: object, place: str) -> str | None:
    """`value`, a text or a whole number, as an id; None when it is absent.

    A column of numbers with gaps holds decimals, as pandas writes it: there 1.0 is 1.
    """
    if is_absent(value):
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    elif isinstance(value, float | Decimal | WrittenDecimal):
        value = _whole_number(str(value)) or value
    if not is_text(value):
        raise Problem(f"`{place}` is {kind(value)}, expected text or a whole number")
    if not fits_identifier(value):
        if len(value) > LONGEST_ID:
            raise Problem(f"`{place}` has {len(value)} characters; {LONGEST_ID} are allowed")
        raise Problem(f"`{place}` holds a control character")
    return text(value, place)


def _whole_number(written: str) -> str | None:
    """The digits of a decimal number that is whole, such as 1.0 or 1e3."""
    found = Decimal(written)
    if (
        not found.is_finite()
        or found.adjusted() > _MOST_DIGITS
        or found != found.to_integral_value()
    ):
        return None
    return str(int(found))


def fits_identifier(value: str) -> bool:
    """Whether text that is not empty can be an id."""
    return len(value) <= LONGEST_ID and not _CONTROL_CHARACTER.search(value)


def reference(value: object) -> str | None:
    """The right answer: a text, or a number as the file writes it."""
    if is_absent(value):
        return None
    if is_text(value):
        return text(value, "reference")
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | WrittenDecimal):
        raise Problem(f"`reference` is {kind(value)}, expected text or a number")
    return str(value)


def criteria(value: object) -> str | None:
    """What the answers are judged by: a text, or a list of texts, one a line.

    None for anything else: most judges are not shown it, and files use the name for other things.
    """
    if isinstance(value, list) and value and all(map(is_text, value)):
        value = "\n".join(f"- {item}" for item in value)
    return value if is_text(value) and value.strip() else None


def listed(value: object, place: str) -> list[object]:
    """`value`, if it is a list."""
    if value is MISSING:
        raise Problem(f"`{place}` is missing")
    if not isinstance(value, list):
        raise Problem(f"`{place}` is {kind(value)}, expected a list")
    return value


def score(value: object, place: str) -> float:
    """`value` as a number; true is 1 and false is 0."""
    if not isinstance(value, int | float | Decimal | WrittenDecimal):
        raise Problem(f"`{place}` is {kind(value)}, expected a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Problem(f"`{place}` must be a finite number")
    return number


def optional_score(value: object, place: str) -> float | None:
    """`value` as a number; None when it is absent."""
    return None if is_absent(value) else score(value, place)


def is_absent(value: object) -> bool:
    """Whether a value is absent: no key, null, or NaN, which columns of numbers have for it."""
    return value is None or value is MISSING or (isinstance(value, float) and math.isnan(value))


def is_plain(value: object) -> TypeGuard[str]:
    """Whether `value` is text that `text` accepts."""
    return type(value) is str and value != "" and not value.isspace() and "\0" not in value


def is_text(value: object) -> TypeGuard[str]:
    """Whether `value` is text, and not a number kept as it was written."""
    return isinstance(value, str) and not isinstance(value, WrittenDecimal)


def kind(value: object) -> str:
    """The type of a decoded value as JSON calls it, with its article."""
    if value is None:
        return "null"
    found = next((name for types, name in _KINDS if isinstance(value, types)), None)
    return found or f"a {type(value).__name__}"


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a boolean"),
    (int, "a number"),
    ((WrittenDecimal, float, Decimal), "a decimal number"),
    (str, "text"),
    (list, "a list"),
    (dict, "an object"),
    (bytes, "bytes"),
)
"""The order matters: in Python a bool is an int, and a WrittenDecimal is a str."""
