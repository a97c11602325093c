"""The input's format: one line, one JSON object, one tournament; `docs/input.md` describes it.

A reason names its place as jq does: `candidates[3].text` is the fourth candidate's text.
"""

import json
import re
from typing import Any, NoReturn, TypeGuard

import msgspec

from rrm_queue.domain import Candidate, Tournament
from rrm_queue.errors import Problem

LONGEST_ID = 200
"""Characters of an id at most; ids are printed in tables and are part of unique keys."""

FEWEST_CANDIDATES = 2

_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class _Decimal(str):
    """A number with a fraction or an exponent, as the line writes it: 1.50 stays 1.50."""

    __slots__ = ()


class _Line(msgspec.Struct):
    """The keys that are read; the decoder skips all others."""

    id: Any = None
    prompt: Any = msgspec.UNSET
    candidates: Any = msgspec.UNSET
    reference: Any = None


_decoder = msgspec.json.Decoder(_Line, float_hook=_Decimal)


def parse_line(line: bytes, number: int) -> Tournament:
    """The tournament on line `number` of a file.

    Candidates without an id are called by their place from 0, a tournament by its line number.
    Raises Problem, with the line's number, for whatever else the line may hold.
    """
    try:
        return _tournament(_decode(line), number)
    except Problem as problem:
        raise Problem(problem.reason, number) from None


def _tournament(line: _Line, number: int) -> Tournament:
    return Tournament(
        key=_id(line.id, "id", default=number),
        prompt=_text(line.prompt, "prompt"),
        candidates=_candidates(line.candidates),
        line=number,
        reference=_reference(line.reference),
    )


def _decode(line: bytes) -> _Line:
    try:
        line.decode()  # the decoder does not look into the keys that it skips
    except UnicodeDecodeError as error:
        raise Problem(f"invalid UTF-8 at byte {error.start + 1}") from None
    try:
        return _decoder.decode(line)
    except msgspec.ValidationError as error:
        raise Problem(f"not a tournament: {error}") from None
    except msgspec.DecodeError:
        raise Problem(f"not JSON: {_fault(line.decode())}") from None
    except RecursionError:
        raise Problem("not a tournament: lists or objects are nested too deeply") from None


def _fault(text: str) -> str:
    """Why `text`, which msgspec refused, is not JSON.

    The standard library's decoder explains itself better. It lets pass what RFC 8259 does not
    (NaN, section 6) and what is no Unicode text (lone surrogates, section 8.2).
    """
    try:
        json.loads(text.rstrip(), parse_int=str, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        message = error.msg[0].lower() + error.msg[1:].removesuffix(" at")
        return f"{message} at column {error.pos + 1}"
    except Problem as problem:
        return problem.reason
    except RecursionError:
        return "lists or objects are nested too deeply"
    return r"a \u escape is half of a surrogate pair, which is no character"


def _refuse_constant(name: str) -> NoReturn:
    raise Problem(f"{name} is no JSON number; null is JSON for a missing value")


def _candidates(value: object) -> tuple[Candidate, ...]:
    if value is msgspec.UNSET:
        raise Problem("`candidates` is missing")
    if not isinstance(value, list):
        raise Problem(f"`candidates` is {_kind(value)}, expected a list")
    if len(value) < FEWEST_CANDIDATES:
        answers = "1 answer" if value else "no answers"
        raise Problem(f"`candidates` has {answers}; a ranking needs at least {FEWEST_CANDIDATES}")
    candidates = tuple(_candidate(item, place) for place, item in enumerate(value))
    _refuse_repeated_ids(candidates)
    return candidates


def _refuse_repeated_ids(candidates: tuple[Candidate, ...]) -> None:
    places: dict[str, int] = {}
    for place, candidate in enumerate(candidates):
        first = places.setdefault(candidate.key, place)
        if first != place:
            raise Problem(
                f"`candidates[{first}]` and `candidates[{place}]` have the same id"
                f" {candidate.key!r}"
            )


def _candidate(value: object, number: int) -> Candidate:
    place = f"candidates[{number}]"
    if _is_text(value):
        return Candidate(key=str(number), text=_text(value, place))
    if not isinstance(value, dict):
        raise Problem(f"`{place}` is {_kind(value)}, expected text or an object with `text`")
    generator = value.get("generator")
    return Candidate(
        key=_id(value.get("id"), f"{place}.id", default=number),
        text=_text(value.get("text", msgspec.UNSET), f"{place}.text"),
        generator=None if generator is None else _text(generator, f"{place}.generator"),
    )


def _id(value: object, place: str, default: int) -> str:
    if value is None:
        return str(default)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not _is_text(value):
        raise Problem(f"`{place}` is {_kind(value)}, expected text or a whole number")
    if len(value) > LONGEST_ID:
        raise Problem(f"`{place}` has {len(value)} characters; {LONGEST_ID} are allowed")
    if _CONTROL_CHARACTER.search(value):
        raise Problem(f"`{place}` holds a control character")
    return _text(value, place)


def _reference(value: object) -> str | None:
    match value:
        case None:
            return None
        case _Decimal():
            return str(value)
        case int() if not isinstance(value, bool):
            return str(value)
        case str():
            return _text(value, "reference")
    raise Problem(f"`reference` is {_kind(value)}, expected text or a number")


def _text(value: object, place: str) -> str:
    if value is msgspec.UNSET:
        raise Problem(f"`{place}` is missing")
    if not _is_text(value):
        raise Problem(f"`{place}` is {_kind(value)}, expected text")
    if not value or value.isspace():
        raise Problem(f"`{place}` is empty")
    if "\0" in value:
        raise Problem(f"`{place}` holds a NUL character, which PostgreSQL cannot store")
    return value


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and not isinstance(value, _Decimal)


def _kind(value: object) -> str:
    """The JSON name of what a decoded value is, with its article."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "a number"
        case _Decimal():
            return "a decimal number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"
