"""rrmq's own format: `{id?, prompt, candidates: [text | {id?, text, generator?}], reference?}`.

`docs/input.md` describes it. Each line is decoded straight into a struct, without a
dictionary in between: most of the speed of a submission comes from this.
"""

import json
from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

import msgspec

from rrm_queue.domain import Candidate, CandidateNumber, Label, LabelledPair, Tournament
from rrm_queue.errors import Problem
from rrm_queue.intake.formats.answer_lists import answer_in
from rrm_queue.intake.formats.base import Empty, Parsed, Whole
from rrm_queue.intake.formats.entrants import (
    FEWEST_CANDIDATES,
    Answer,
    answer_text,
    refuse_too_few,
)
from rrm_queue.intake.formats.fields import (
    MISSING,
    Row,
    WrittenDecimal,
    criteria,
    fits_identifier,
    identifier,
    is_plain,
    kind,
    listed,
    optional_score,
    optional_text,
    reference,
    text,
)
from rrm_queue.intake.formats.messages import prose
from rrm_queue.intake.formats.plain import Line, plain_line

_Numbers = dict[str, CandidateNumber | None]
_Decoded = TypeVar("_Decoded")


_line_decoder = msgspec.json.Decoder(Line, float_hook=WrittenDecimal)
_row_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=WrittenDecimal)


def parse_line(line: bytes, key: str, number: int, empty: Empty = Empty.REFUSE) -> Parsed:
    """The tournament on line `number`; `key` names it unless it has an id.

    Candidates without an id are named by their place from 0. Raises Problem for any other line.
    """
    _refuse_other_encodings(line)
    if (plain := plain_line(line)) is None:
        return _parsed(_decode(_line_decoder, line), key, number, empty)
    found, candidates = plain
    paired = found.pairs is not None or found.label is not None
    numbers = _numbered(candidates) if paired else {}
    return Parsed(_tournament(found, found.prompt, candidates, numbers, key, number))


def decode_row(line: bytes) -> dict[str, Any]:
    """The object that a line of any format holds. Raises Problem when it holds none."""
    _refuse_other_encodings(line)
    return _decode(_row_decoder, line)


def _parse(row: Row, key: str, number: int, empty: Empty) -> Parsed:
    known = {name: row[name] for name in Line.__struct_fields__ if name in row}
    return _parsed(Line(**known), key, number, empty)


def _parsed(line: Line, key: str, number: int, empty: Empty) -> Parsed:
    prompt = prose(line.prompt, "prompt")
    candidates, numbers = _candidates(line.candidates, empty)
    tournament = _tournament(line, prompt, candidates, numbers, key, number)
    return Parsed(tournament, len(numbers) - len(candidates))


def _tournament(
    line: Line,
    prompt: str,
    candidates: tuple[Candidate, ...],
    numbers: _Numbers,
    key: str,
    number: int,
) -> Tournament:
    return Tournament(
        key=identifier(line.id, "id") or key,
        prompt=prompt,
        candidates=candidates,
        line=number,
        reference=reference(line.reference),
        criteria=criteria(line.criteria),
        pairs=_pairs(line, numbers),
        subset=optional_text(line.subset, "subset"),
    )


def _numbered(candidates: Iterable[Candidate]) -> _Numbers:
    return {one.key: CandidateNumber(number) for number, one in enumerate(candidates)}


def _refuse_other_encodings(line: bytes) -> None:
    try:
        line.decode()  # the decoders do not look into the keys that they skip
    except UnicodeDecodeError as error:
        raise Problem(f"invalid UTF-8 at byte {error.start + 1}") from None


def _decode(decoder: msgspec.json.Decoder[_Decoded], line: bytes) -> _Decoded:
    try:
        return decoder.decode(line)
    except msgspec.ValidationError as error:
        raise Problem(f"not a tournament: {error}") from None
    except msgspec.DecodeError:
        raise Problem(f"not JSON: {_fault(line.decode())}") from None
    except RecursionError:
        raise Problem("not a tournament: lists or objects are nested too deeply") from None


def _fault(text: str) -> str:
    """Why `text`, which msgspec refused, is not JSON.

    The standard library's decoder has better messages. But it accepts NaN, which RFC 8259 forbids
    (section 6), and lone surrogates, which are no Unicode text (section 8.2).
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
    return r"a \u escape is half of a surrogate pair, which is not a character"


def _refuse_constant(name: str) -> NoReturn:
    raise Problem(f"{name} is not a JSON number; write null for a missing value")


def _candidates(value: object, empty: Empty) -> tuple[tuple[Candidate, ...], _Numbers]:
    """The candidates, and the candidate's number by the answer's id; None if it was dropped."""
    answers = listed(value, "candidates")
    if len(answers) < FEWEST_CANDIDATES:
        refuse_too_few(len(answers), 0, "candidates")
    candidates: list[Candidate] = []
    numbers: _Numbers = {}
    for place, answer in enumerate(answers):
        candidate = _candidate(answer, place, empty, len(answers))
        if candidate.key in numbers:
            _refuse_repeated_id(answers, place, candidate.key)
        if empty is Empty.DROP and not candidate.text:
            numbers[candidate.key] = None
        else:
            numbers[candidate.key] = CandidateNumber(len(candidates))
            candidates.append(candidate)
    refuse_too_few(len(candidates), len(answers) - len(candidates), "candidates")
    return tuple(candidates), numbers


def _refuse_repeated_id(answers: list[object], second: int, key: str) -> NoReturn:
    ids = [
        _candidate(answer, place, Empty.DROP, len(answers)).key
        for place, answer in enumerate(answers)
    ]
    raise Problem(
        f"`candidates[{ids.index(key)}]` and `candidates[{second}]` have the same id {key!r}"
    )


def _candidate(value: object, number: int, empty: Empty, among: int) -> Candidate:
    """One `among` so many candidates. With `drop` its text is empty when it must be left out.

    For speed, the place is only formatted for a value that needs a closer check.
    """
    if not isinstance(value, dict):
        return Candidate(
            str(number), _said(answer_in(value, f"candidates[{number}]"), empty, among)
        )
    key, answer, generator = value.get("id"), value.get("text", MISSING), value.get("generator")
    if key is None:
        key = str(number)
    elif not (is_plain(key) and fits_identifier(key)):
        key = identifier(key, f"candidates[{number}].id") or str(number)
    if not is_plain(answer) or generator is None:
        found = answer_in(value, f"candidates[{number}]")
        answer, generator = _said(found, empty, among), found.generator
    if generator is not None and not is_plain(generator):
        generator = text(generator, f"candidates[{number}].generator")
    gold = value.get("gold")
    if gold is not None:
        gold = optional_score(gold, f"candidates[{number}].gold")
    return Candidate(key, answer, generator, gold)


def _said(answer: Answer, empty: Empty, among: int) -> str:
    """The text of an answer; empty for one that is left out."""
    return answer_text(answer.value, answer.place, empty, among) or ""


def _pairs(line: Line, numbers: _Numbers) -> tuple[LabelledPair, ...]:
    if line.pairs is None and line.label is None:
        return ()
    if line.pairs is None:
        return _only_pair(line.label, numbers)
    if line.label is not None:
        raise Problem(
            "`label` is for two candidates without `pairs`; write the labels inside `pairs`"
        )
    pairs = (
        _pair(item, number, numbers) for number, item in enumerate(listed(line.pairs, "pairs"))
    )
    return tuple(pair for pair in pairs if pair is not None)


def _only_pair(label: object, numbers: _Numbers) -> tuple[LabelledPair, ...]:
    if len(numbers) != 2:
        raise Problem(f"`label` is for two candidates, but there are {len(numbers)}; use `pairs`")
    first, second = numbers
    return (
        LabelledPair(CandidateNumber(0), CandidateNumber(1), _label(label, "label", first, second)),
    )


def _pair(value: object, number: int, numbers: _Numbers) -> LabelledPair | None:
    """The pair; None when one of its answers was dropped."""
    place = f"pairs[{number}]"
    if not isinstance(value, dict):
        raise Problem(f"`{place}` is {kind(value)}, expected an object with `first` and `second`")
    first, second = (_named(value, f"{place}.{end}", end, numbers) for end in ("first", "second"))
    if first == second:
        raise Problem(f"`{place}` has the same candidate {first!r} on both sides")
    label = value.get("label")
    chosen = None if label is None else _label(label, f"{place}.label", first, second)
    one, other = numbers[first], numbers[second]
    return None if one is None or other is None else LabelledPair(one, other, chosen)


def _named(pair: Row, place: str, end: str, numbers: _Numbers) -> str:
    key = identifier(pair.get(end), place)
    if key is None:
        raise Problem(f"`{place}` is missing")
    if key not in numbers:
        raise Problem(f"`{place}` is {key!r}, but no candidate has this id")
    return key


def _label(value: object, place: str, first: str, second: str) -> Label:
    """The preference that `value` names by a candidate's id, or by `tie`."""
    match identifier(value, place):
        case key if key == first:
            return Label.FIRST
        case key if key == second:
            return Label.SECOND
        case "tie":
            return Label.TIE
        case key:
            raise Problem(f"`{place}` is {key!r}, expected {first!r}, {second!r} or 'tie'")


OWN = Whole(
    name="rrmq",
    title="rrmq's own format",
    keys=frozenset(Line.__struct_fields__),
    recognise=lambda row: "candidates" in row,
    lists=frozenset({"candidates", "pairs"}),
    optional=frozenset({"id", "reference", "criteria", "subset", "label", "pairs"}),
    parse=_parse,
)
