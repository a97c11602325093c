"""The dialect `json:PATH`: a field of a JSON object that the judge writes.

The path is a field's name, or names and places within each other: `verdict`, `result.winner`,
`choices[0].winner`. The field holds words that name an answer, 1 or 2, or a list of two scores.
"""

import json
import re
from collections.abc import Iterator

from rrm_queue.errors import UsageFault
from rrm_queue.judging.dialects.base import (
    FIRST,
    NO_MARK,
    OFF_MENU,
    SECOND,
    TIE,
    Dialect,
    ParsedVerdict,
)
from rrm_queue.judging.dialects.marks import Mark, decided
from rrm_queue.judging.dialects.words import named, speaks_of_answers

LONGEST_PATH = 200
_READ = 100_000
"""Characters at the end of a text in which objects are looked for."""
_TRIES = 200
"""Braces that are tried as the beginning of an object; this bounds the time for hostile texts."""

_SHORT = 200
"""Characters of a text that may be nothing but the object."""

_STEP = re.compile(r"\.?([^.\[\]\s][^.\[\]]*)|\[(\d{1,3})\]")
_decoder = json.JSONDecoder(parse_int=float, parse_float=float)
_MISSING = object()


def json_dialect(path: str) -> Dialect:
    """The dialect that reads the field at `path`. Raises UsageFault for a bad path."""
    steps = _steps(path)
    last = next((step for step in reversed(steps) if isinstance(step, str)), path)
    return Dialect(
        f"json:{path}",
        json.dumps({last: "A"}),
        lambda answer: _read(answer, steps),
        lambda prompt: last in prompt,
        ties=True,
    )


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    at = 0
    while at < len(path) <= LONGEST_PATH and (found := _STEP.match(path, at)):
        steps.append(found[1] if found[1] is not None else int(found[2]))
        at = found.end()
    if not steps or at < len(path):
        raise UsageFault(
            f"{path[:LONGEST_PATH]!r} is not the path of a field: write it as in json:verdict or "
            "json:result.winner"
        )
    return steps


def _read(answer: str, steps: list[str | int]) -> ParsedVerdict:
    text = answer[-_READ:]
    about = len(answer) <= _SHORT or speaks_of_answers(text)
    marks = [
        Mark(begin, end, _said(value, about=about))
        for begin, end, found in _objects(text)
        if (value := _at(found, steps)) is not _MISSING
    ]
    return decided(text, marks) or NO_MARK


def _objects(text: str) -> Iterator[tuple[int, int, object]]:
    """Begin and end of the JSON objects and lists that are not within others, and what they are."""
    at = tries = 0
    while tries < _TRIES and (begin := _begin(text, at)) >= 0:
        tries += 1
        try:
            found, at = _decoder.raw_decode(text, begin)
        except (ValueError, RecursionError):
            at = begin + 1
        else:
            yield begin, at, found


def _begin(text: str, at: int) -> int:
    begins = [begin for mark in "{[" if (begin := text.find(mark, at)) >= 0]
    return min(begins, default=-1)


def _at(value: object, steps: list[str | int]) -> object:
    for step in steps:
        match step, value:
            case str(), dict() if step in value:
                value = value[step]
            case int(), list() if step < len(value):
                value = value[step]
            case _:
                return _MISSING
    return value


def _said(value: object, *, about: bool) -> ParsedVerdict:
    """What the field says. `about`: whether its text is about two answers.

    Otherwise a bare number, letter or pair of numbers may be the solution of a problem.
    """
    match value:
        case str():
            words = named(value)
            return words.verdict if words and (about or not words.bare) else OFF_MENU
        case _ if not about:
            return OFF_MENU
        case float():
            return {1.0: FIRST, 2.0: SECOND}.get(value, OFF_MENU)
        case [float(first), float(second)]:
            if first == second:
                return TIE
            return FIRST if first > second else SECOND if first < second else OFF_MENU
        case _:
            return OFF_MENU
