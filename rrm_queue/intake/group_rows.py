"""Groups rows into tournaments, for formats with one candidate in each row.

Rows need not be neighbours and may stand in several files, as AlpacaEval's do, so they wait on
disk until the last is read: in a nameless SQLite database, which keeps a few MiB in memory, lies in
the folder for temporary files (`TMPDIR`) and vanishes with its connection.
"""

import sqlite3
from collections.abc import Callable, Iterator
from hashlib import blake2b
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple, NoReturn

from rrm_queue.domain import Candidate, Tournament
from rrm_queue.errors import Problem
from rrm_queue.intake import limits
from rrm_queue.intake.formats.base import Part, own_names, refuse_too_few

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA cache_size = -16384;
CREATE TABLE tournaments (
    number INTEGER PRIMARY KEY, digest BLOB UNIQUE, prompt_digest BLOB, key TEXT, prompt TEXT,
    reference TEXT, subset TEXT, source INTEGER, line INTEGER
);
CREATE TABLE parts (
    tournament INTEGER, row_id TEXT, candidate TEXT, text TEXT, generator TEXT,
    source INTEGER, line INTEGER
);
"""


class Spot(NamedTuple):
    """Where a row stands: in which file, from 0, and on which line."""

    source: int
    line: int


class _Row(NamedTuple):
    """A candidate's row as it comes back, its tournament's columns before its own."""

    number: int
    key: str | None
    prompt: str
    reference: str | None
    subset: str | None
    tournament_source: int
    tournament_line: int
    row_id: str | None
    candidate: str | None
    text: str | None
    generator: str | None
    source: int
    line: int


class Grouped(NamedTuple):
    """A tournament, where it begins, and how many empty answers were left out of it."""

    item: Tournament | Problem
    spot: Spot
    dropped: int = 0


class RowGroups:
    """Takes the parts of tournaments in any order and gives the tournaments back.

    Tournaments come in the order of their first parts, their candidates in that of theirs.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(_TABLES)
        self._database.execute("BEGIN")
        self._last: tuple[bytes, bytes, int] | None = None

    def add(self, part: Part, spot: Spot) -> None:
        """Keeps a part. Raises Problem when its tournament has another prompt already."""
        self._database.execute(
            "INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                self._tournament(part, spot),
                part.row_id,
                part.candidate,
                part.text,
                part.generator,
                *spot,
            ),
        )

    def tournaments(self, name: Callable[[Spot], str]) -> Iterator[Grouped]:
        """The tournaments; `name` says what those without an id are called."""
        self._database.execute("CREATE INDEX by_tournament ON parts (tournament)")
        rows = self._database.execute(
            "SELECT t.number, t.key, t.prompt, t.reference, t.subset, t.source, t.line,"
            " p.row_id, p.candidate, p.text, p.generator, p.source, p.line"
            " FROM tournaments t CROSS JOIN parts p ON p.tournament = t.number"
            " ORDER BY t.number, p.rowid"
        )
        for _, group in groupby(map(_Row._make, rows), itemgetter(0)):
            yield _grouped(group, name)

    def close(self) -> None:
        """Frees the disk."""
        self._database.close()

    def _tournament(self, part: Part, spot: Spot) -> int:
        """The number of the part's tournament, which is begun with its first part."""
        digest, prompt = _digest(part.group), _digest(part.prompt)
        if self._last is None or self._last[:2] != (digest, prompt):
            self._last = (digest, prompt, self._found(digest, prompt, part, spot))
        return self._last[2]

    def _found(self, digest: bytes, prompt: bytes, part: Part, spot: Spot) -> int:
        found = self._database.execute(
            "SELECT number, prompt_digest, line FROM tournaments WHERE digest = ?", (digest,)
        ).fetchone()
        if found is None:
            begun = self._database.execute(
                "INSERT INTO tournaments VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
                (digest, prompt, part.key, part.prompt, part.reference, part.subset, *spot),
            )
            return int(begun.lastrowid or 0)
        number, other, line = found
        if other != prompt:
            raise Problem(f"line {line} has the same id but another prompt")
        return int(number)


def _grouped(group: Iterator[_Row], name: Callable[[Spot], str]) -> Grouped:
    rows = _held(group)
    first = rows[0]
    spot = Spot(first.tournament_source, first.tournament_line)
    if next(group, None) is not None:
        longest = f"{limits.LONGEST_LINE // 2**20} MiB"
        reason = f"the answers to this prompt are together longer than {longest}"
        return Grouped(Problem(reason, spot.line), spot)
    kept = [row for row in rows if row.text is not None]
    dropped = len(rows) - len(kept)
    try:
        refuse_too_few(len(kept), dropped, "the prompt")
        tournament = Tournament(
            key=first.key or _row_id(rows) or name(spot),
            prompt=first.prompt,
            candidates=_candidates(rows),
            line=spot.line,
            reference=first.reference,
            subset=first.subset,
        )
    except Problem as problem:
        return Grouped(Problem(problem.reason, problem.line or spot.line), spot)
    return Grouped(tournament, spot, dropped)


def _held(group: Iterator[_Row]) -> list[_Row]:
    """The rows of a tournament, as far as they may be held in memory."""
    rows, size = [], 0
    for row in group:
        rows.append(row)
        size += len(row.text or "")
        if size > limits.LONGEST_LINE:
            break
    return rows


def _row_id(rows: list[_Row]) -> str | None:
    """The id that all rows share, which is thus the tournament's."""
    return rows[0].row_id if len({row.row_id for row in rows}) == 1 else None


def _candidates(rows: list[_Row]) -> tuple[Candidate, ...]:
    names = _names(rows)
    _refuse_repeats(names, rows)
    return tuple(
        Candidate(name, row.text, row.generator)
        for name, row in zip(names, rows, strict=True)
        if row.text is not None
    )


def _names(rows: list[_Row]) -> list[str]:
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


def _refuse_repeats(names: list[str], rows: list[_Row]) -> None:
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        first = places.setdefault(name, place)
        if first != place:
            _refuse(name, rows[first], rows[place])


def _refuse(name: str, first: _Row, second: _Row) -> NoReturn:
    reason = f"the id {name!r} is already used on line {first.line} for the same prompt"
    raise Problem(
        f"{reason}; use `prompt_id` for prompts and `candidate_id` for answers", second.line
    )


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()
