"""The tables in which rows of the same tournament wait for each other, and how they are kept.

`group_rows.py` makes tournaments of them. The database is nameless: it keeps a few MiB in memory,
lies in the folder for temporary files (`TMPDIR`) and vanishes with its connection.
"""

import json
import sqlite3
from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple

from rrm_queue.domain import Label
from rrm_queue.errors import Problem
from rrm_queue.intake.formats.base import Judgement, Part, Piece, Question

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA cache_size = -16384;
CREATE TABLE tournaments (
    number INTEGER PRIMARY KEY, digest BLOB UNIQUE, prompt_digest BLOB, key TEXT, prompt TEXT,
    turns TEXT, reference TEXT, subset TEXT, criteria TEXT, source INTEGER, line INTEGER
);
CREATE TABLE parts (
    tournament INTEGER, row_id TEXT, candidate TEXT, text TEXT, turns INTEGER, generator TEXT,
    sample TEXT, source INTEGER, line INTEGER
);
CREATE TABLE judgements (tournament INTEGER, first TEXT, second TEXT, label TEXT);
"""

_ROWS = """
SELECT t.number, t.key, t.prompt, t.turns, t.reference, t.subset, t.criteria, t.source, t.line,
    p.row_id, p.candidate, p.text, p.turns, p.generator, p.sample, p.source, p.line
FROM tournaments t CROSS JOIN parts p ON p.tournament = t.number
ORDER BY t.number, p.rowid
"""


class Spot(NamedTuple):
    """Where a row stands: in which file, from 0, and on which line."""

    source: int
    line: int


class JoinedRow(NamedTuple):
    """A candidate's row as it comes back, its tournament's columns before its own.

    `asked` are the question's turns and `text` the answer's, both as JSON, where there are several
    turns (`turns` counts the answer's).
    """

    number: int
    key: str | None
    prompt: str | None
    asked: str | None
    reference: str | None
    subset: str | None
    criteria: str | None
    tournament_source: int
    tournament_line: int
    row_id: str | None
    candidate: str | None
    text: str | None
    turns: int
    generator: str | None
    sample: str | None
    source: int
    line: int


class JoinedRows:
    """Keeps pieces of tournaments in any order and gives them back sorted by their tournament."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(_TABLES)
        self._database.execute("BEGIN")
        self._judged = False
        self._last: tuple[bytes, bytes | None, int] | None = None

    def add(self, piece: Piece, spot: Spot) -> None:
        """Keeps a piece. Raises Problem when its tournament has another prompt already."""
        match piece:
            case Part():
                self._add_part(piece, spot)
            case Question():
                self._question(piece, spot)
            case Judgement(_, _, first, second, label):
                number = self._tournament(piece.group, piece.key, None, spot)
                row = (number, first, second, label)
                self._database.execute("INSERT INTO judgements VALUES (?, ?, ?, ?)", row)
                self._judged = True

    def rows(self) -> Iterator[JoinedRow]:
        """The candidates, those of a tournament together; both in the order of their first rows."""
        self._database.execute("CREATE INDEX by_tournament ON parts (tournament)")
        self._database.execute("CREATE INDEX judged ON judgements (tournament)")
        return map(JoinedRow._make, self._database.execute(_ROWS))

    def judgements(self, number: int) -> list[tuple[str, str, Label]]:
        """What was said of a tournament's pairs: the two models and which was better."""
        if not self._judged:
            return []
        found = self._database.execute(
            "SELECT first, second, label FROM judgements WHERE tournament = ? ORDER BY rowid",
            (number,),
        )
        return [(first, second, Label(label)) for first, second, label in found]

    def only_questions(self) -> Spot | None:
        """Where the first question stands, if there are questions but no answers at all."""
        if self._database.execute("SELECT 1 FROM parts LIMIT 1").fetchone():
            return None
        found = self._database.execute("SELECT source, line FROM tournaments LIMIT 1").fetchone()
        return None if found is None else Spot(*found)

    def close(self) -> None:
        """Frees the disk."""
        self._database.close()

    def _add_part(self, part: Part, spot: Spot) -> None:
        number = self._tournament(part.group, part.key, part.prompt, spot, part)
        turns = part.text if isinstance(part.text, tuple) else ()
        text = json.dumps(turns) if turns else part.text
        self._database.execute(
            "INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                part.row_id,
                part.candidate,
                text,
                len(turns),
                part.generator,
                part.sample,
                *spot,
            ),
        )

    def _question(self, question: Question, spot: Spot) -> None:
        number = self._tournament(question.group, question.key, question.turns[0], spot)
        turns = json.dumps(question.turns) if len(question.turns) > 1 else None
        self._database.execute(
            "UPDATE tournaments SET turns = coalesce(turns, ?), reference = coalesce(reference, ?),"
            " subset = coalesce(subset, ?) WHERE number = ?",
            (turns, question.reference, question.subset, number),
        )

    def _tournament(
        self, group: str, key: str | None, prompt: str | None, spot: Spot, part: Part | None = None
    ) -> int:
        """The number of the group's tournament, which is begun with its first piece."""
        digest, asked = _digest(group), None if prompt is None else _digest(prompt)
        if self._last is None or self._last[:2] != (digest, asked):
            number = self._found(digest, prompt, asked, spot)
            if number is None:
                number = self._begun(digest, key, prompt, asked, spot, part)
            self._last = (digest, asked, number)
        return self._last[2]

    def _begun(
        self,
        digest: bytes,
        key: str | None,
        prompt: str | None,
        asked: bytes | None,
        spot: Spot,
        part: Part | None,
    ) -> int:
        also = (part.reference, part.subset, part.criteria) if part else (None, None, None)
        begun = self._database.execute(
            "INSERT INTO tournaments VALUES (NULL, ?, ?, ?, ?, NULL, ?, ?, ?, ?, ?)",
            (digest, asked, key, prompt, *also, *spot),
        )
        return int(begun.lastrowid or 0)

    def _found(
        self, digest: bytes, prompt: str | None, asked: bytes | None, spot: Spot
    ) -> int | None:
        found = self._database.execute(
            "SELECT number, prompt_digest, source, line FROM tournaments WHERE digest = ?",
            (digest,),
        ).fetchone()
        if found is None:
            return None
        number, other, _, line = found
        if other is None and asked is not None:
            self._database.execute(
                "UPDATE tournaments SET prompt_digest = ?, prompt = ? WHERE number = ?",
                (asked, prompt, number),
            )
        elif asked is not None and other != asked:
            raise Problem(f"line {line} has the same id but another prompt")
        return int(number)


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()
