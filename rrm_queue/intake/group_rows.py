"""Groups rows into tournaments, for formats with one candidate in each row.

Rows need not be neighbours and may stand in several files, as AlpacaEval's do, so they wait on
disk until the last is read (`joined_rows.py`).
"""

import json
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple, NoReturn

from msgspec.structs import replace

from rrm_queue.domain import Candidate, CandidateNumber, Label, LabelledPair, Tournament
from rrm_queue.errors import Problem
from rrm_queue.intake import limits
from rrm_queue.intake.formats.base import Piece
from rrm_queue.intake.formats.entrants import own_names, refuse_too_few
from rrm_queue.intake.formats.messages import prose
from rrm_queue.intake.joined_rows import JoinedRow, JoinedRows, Spot

_ALL_FILES = "; submit the files of all models together"


class Grouped(NamedTuple):
    """A tournament, where it begins, and how many empty answers were left out of it."""

    item: Tournament | Problem
    spot: Spot
    dropped: int = 0


class RowGroups:
    """Takes the pieces of tournaments in any order and gives the tournaments back.

    Tournaments come in the order of their first pieces, their candidates in that of theirs.
    """

    def __init__(self) -> None:
        self._rows = JoinedRows()

    def add(self, piece: Piece, spot: Spot) -> None:
        """Keeps a piece. Raises Problem when its tournament has another prompt already."""
        self._rows.add(piece, spot)

    def tournaments(self, name: Callable[[Spot], str]) -> Iterator[Grouped]:
        """The tournaments; `name` says what those without an id are called."""
        for number, group in groupby(self._rows.rows(), itemgetter(0)):
            grouped = _grouped(group, name)
            said = self._rows.judgements(number)
            if said and isinstance(grouped.item, Tournament):
                grouped = grouped._replace(item=_judged(grouped.item, said))
            yield grouped
        if (spot := self._rows.only_questions()) is not None:
            reason = "there are no answers to this; give the files of answers too"
            yield Grouped(Problem(reason, spot.line), spot)

    def close(self) -> None:
        """Frees the disk."""
        self._rows.close()


def _grouped(group: Iterator[JoinedRow], name: Callable[[Spot], str]) -> Grouped:
    rows = _held(group)
    first = rows[0]
    spot = Spot(first.tournament_source, first.tournament_line)
    if next(group, None) is not None:
        longest = f"{limits.LONGEST_LINE // 2**20} MiB"
        reason = f"the answers to this prompt are together longer than {longest}"
        return Grouped(Problem(reason, spot.line), spot)
    rows = _without_repeats(rows)
    kept = [row for row in rows if row.text is not None]
    dropped = len(rows) - len(kept)
    try:
        prompt = _prompt(first)
        refuse_too_few(len(kept), dropped, "prompt", _ALL_FILES)
        tournament = Tournament(
            key=first.key or _row_id(rows) or name(spot),
            prompt=prompt,
            candidates=_candidates(rows),
            line=spot.line,
            reference=first.reference,
            subset=first.subset,
            criteria=first.criteria,
        )
    except Problem as problem:
        return Grouped(Problem(problem.reason, problem.line or spot.line), spot)
    return Grouped(tournament, spot, dropped)


def _prompt(row: JoinedRow) -> str:
    if row.prompt is None:
        raise Problem(f"the answers to {row.key!r} have no question; give its file too")
    return row.prompt


def _held(group: Iterator[JoinedRow]) -> list[JoinedRow]:
    """The rows of a tournament, as far as they may be held in memory."""
    rows, size = [], 0
    for row in group:
        rows.append(row)
        size += len(row.text or "")
        if size > limits.LONGEST_LINE:
            break
    return rows


def _without_repeats(rows: list[JoinedRow]) -> list[JoinedRow]:
    """The rows, each sample of a file once."""
    seen: set[tuple[int, str]] = set()
    kept = []
    for row in rows:
        sample = (row.source, row.sample or "")
        if row.sample is None or sample not in seen:
            kept.append(row)
            seen.add(sample)
    return kept


def _row_id(rows: list[JoinedRow]) -> str | None:
    """The id that all rows share, which is thus the tournament's."""
    return rows[0].row_id if len({row.row_id for row in rows}) == 1 else None


def _candidates(rows: list[JoinedRow]) -> tuple[Candidate, ...]:
    names = _names(rows)
    _refuse_repeats(names, rows)
    return tuple(
        Candidate(name, _said(row, row.text), row.generator)
        for name, row in zip(names, rows, strict=True)
        if row.text is not None
    )


def _said(row: JoinedRow, text: str) -> str:
    """The answer; in one of several turns, the question's later turns stand between its own."""
    if not row.turns:
        return text
    said, asked = json.loads(text), json.loads(row.asked or "[]")
    messages = [{"role": "assistant", "content": said[0]}]
    for place, answer in enumerate(said[1:], start=1):
        if place >= len(asked):
            turns = max(1, len(asked))
            raise Problem(
                f"the answer has {len(said)} turns, but its question has {turns}", row.line
            )
        messages.append({"role": "user", "content": asked[place]})
        messages.append({"role": "assistant", "content": answer})
    return prose(messages, "turns")


def _names(rows: list[JoinedRow]) -> list[str]:
    """What the candidates are called: by an id of their own, their generator, or their place."""
    if any(row.candidate for row in rows):
        return [row.candidate or str(place) for place, row in enumerate(rows)]
    ids = [row.row_id for row in rows]
    if rows[0].key is None and len(set(ids)) > 1:
        return [name or str(place) for place, name in enumerate(ids)]
    generators = [row.generator for row in rows]
    if own_names(generators):
        return [str(generator) for generator in generators]
    return [str(place) for place in range(len(rows))]


def _refuse_repeats(names: list[str], rows: list[JoinedRow]) -> None:
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        first = places.setdefault(name, place)
        if first != place:
            _refuse(name, rows[first], rows[place])


def _refuse(name: str, first: JoinedRow, second: JoinedRow) -> NoReturn:
    reason = f"the id {name!r} is already used on line {first.line} for the same prompt"
    raise Problem(
        f"{reason}; use `prompt_id` for prompts and `candidate_id` for answers", second.line
    )


def _judged(tournament: Tournament, said: list[tuple[str, str, Label]]) -> Tournament:
    """The tournament with the pairs that were judged; a pair judged several times by majority."""
    numbers = {one.generator: place for place, one in enumerate(tournament.candidates)}
    sums: dict[tuple[int, int], int] = {}
    for first, second, label in said:
        if first in numbers and second in numbers and first != second:
            one, other = numbers[first], numbers[second]
            sign = _SIGNS[label] if one < other else -_SIGNS[label]
            pair = (min(one, other), max(one, other))
            sums[pair] = sums.get(pair, 0) + sign
    pairs = tuple(
        LabelledPair(CandidateNumber(one), CandidateNumber(other), _label(total))
        for (one, other), total in sorted(sums.items())
    )
    return replace(tournament, pairs=pairs) if pairs else tournament


_SIGNS = {Label.FIRST: 1, Label.TIE: 0, Label.SECOND: -1}


def _label(total: int) -> Label:
    if total == 0:
        return Label.TIE
    return Label.FIRST if total > 0 else Label.SECOND
