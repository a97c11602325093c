"""Knockouts as they were played: who met whom, and when the engine was asked and answered."""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from rig import ANSWERED, BEGUN, answer_text, notes, request_key

from rrm_queue.domain import Position
from rrm_queue.store.connection import Connection, text

MATCHES = text("""
    SELECT m.tournament_id, m.round, m.slot, v.seed, v.swapped, one.text AS one, two.text AS two
    FROM matches m JOIN votes v ON v.match_id = m.id
    JOIN candidates one ON one.tournament_id = m.tournament_id AND one.number = m.first
    JOIN candidates two ON two.tournament_id = m.tournament_id AND two.number = m.second
    WHERE m.job_id = :job
    ORDER BY m.tournament_id, m.round, m.slot
""")


class PlayedMatch(NamedTuple):
    """A match of one vote: its request's key, and the moments of request and answer in seconds."""

    key: str
    began: float
    answered: float


Bracket = Mapping[Position, PlayedMatch]


def played(store: Connection, job: str, file: Path) -> Mapping[int, Bracket]:
    """The job's brackets by tournament; `file` holds the engine's notes."""
    began, answered = dict[str, float](), dict[str, float]()
    for note in notes(file):
        moments = {BEGUN: began, ANSWERED: answered}.get(note.what)
        if moments is not None:
            moments.setdefault(note.key, note.at)
    brackets: dict[int, dict[Position, PlayedMatch]] = defaultdict(dict)
    for row in store.execute(MATCHES, {"job": job}):
        one, two = (row.two, row.one) if row.swapped else (row.one, row.two)
        key = request_key(one, two, row.seed)
        position = Position(row.round, row.slot)
        brackets[row.tournament_id][position] = PlayedMatch(key, began[key], answered[key])
    return brackets


def feeders(bracket: Mapping[Position, object], position: Position) -> list[Position]:
    """The matches whose winners meet at a position; a bye feeds it without a match."""
    fed_by = (Position(position.round - 1, 2 * position.slot + side) for side in (0, 1))
    return [feeder for feeder in fed_by if feeder in bracket]


def write_knockouts(file: Path, count: int, size: int, *, name: str) -> None:
    """A file of `count` tournaments of `size` answers that the tests' engine can judge."""
    with file.open("w") as lines:
        for number in range(count):
            key = f"{name}-{number}"
            texts = [answer_text(key, c, (c * 7) % size) for c in range(size)]
            row = {"id": key, "prompt": f"Which answer to {key} is best?", "candidates": texts}
            lines.write(json.dumps(row) + "\n")
