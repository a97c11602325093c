"""The fast reader for the usual lines of rrmq's own format.

This reader refuses nothing and explains nothing. It leaves every line that needs a closer look to
`own.py`, which reads it again and checks it; both give the same tournament.
"""

from collections.abc import Sequence
from math import isfinite
from typing import Any

import msgspec

from rrm_queue.domain import Candidate
from rrm_queue.intake.formats.entrants import FEWEST_CANDIDATES
from rrm_queue.intake.formats.fields import LONGEST_ID, WrittenDecimal, fits_identifier

_NUL = rb"\u0000"
"""The escape of a NUL character in JSON: a line that holds it is not plain."""

_PLACES = tuple(str(place) for place in range(1000))
"""The names of answers without an id."""


class _Answer(msgspec.Struct, gc=False):
    text: str
    id: str | int | None = None
    generator: str | None = None
    model: str | None = None
    gold: bool | float | None = None


class Line(msgspec.Struct, kw_only=True):
    """The keys that are read, with values of any type; the decoder skips all other keys."""

    id: Any = None
    prompt: Any = msgspec.UNSET
    candidates: Any = msgspec.UNSET
    reference: Any = None
    criteria: Any = None
    subset: Any = None
    label: Any = None
    pairs: Any = None


class PlainLine(Line, kw_only=True):
    """A line whose prompt and candidates have the right types; the other values have any type."""

    prompt: str
    candidates: list[str | _Answer]


_decoder = msgspec.json.Decoder(PlainLine, float_hook=WrittenDecimal)


def plain_line(line: bytes) -> tuple[PlainLine, tuple[Candidate, ...]] | None:
    """The line, which is UTF-8, and its candidates; None if `own.py` must read it."""
    if _NUL in line:
        return None
    try:
        found = _decoder.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return None
    answers = found.candidates
    if not FEWEST_CANDIDATES <= len(answers) <= len(_PLACES) or not _all_speak([found.prompt]):
        return None
    kinds = set(map(type, answers))
    if kinds == {str}:
        candidates = _bare(answers)  # type: ignore[arg-type]  # as the line above has seen
    elif kinds == {_Answer}:
        candidates = _named(answers)  # type: ignore[arg-type]  # likewise
    else:
        return None
    return None if candidates is None else (found, candidates)


def _bare(texts: Sequence[str]) -> tuple[Candidate, ...] | None:
    return tuple(map(Candidate, _PLACES, texts)) if _all_speak(texts) else None


def _named(answers: Sequence[_Answer]) -> tuple[Candidate, ...] | None:
    texts = [answer.text for answer in answers]
    keys = [
        place if answer.id is None else str(answer.id)
        for place, answer in zip(_PLACES, answers, strict=False)
    ]
    models = [answer.model if answer.generator is None else answer.generator for answer in answers]
    golds = [None if answer.gold is None else float(answer.gold) for answer in answers]
    if (
        _all_speak(texts)
        and _are_ids(keys)
        and _all_speak([model for model in models if model is not None])
        and all(gold is None or isfinite(gold) for gold in golds)
    ):
        return tuple(map(Candidate, keys, texts, models, golds))
    return None


def _all_speak(texts: Sequence[str]) -> bool:
    """Whether no text is empty or all white space."""
    return "" not in texts and not any(map(str.isspace, texts))


def _are_ids(keys: Sequence[str]) -> bool:
    return (
        _all_speak(keys)
        and len(set(keys)) == len(keys)
        and max(map(len, keys)) <= LONGEST_ID
        and all(map(fits_identifier, keys))
    )
