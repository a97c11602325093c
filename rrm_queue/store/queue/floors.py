"""Where the undecided part of a job, and what is out of a queue, begins.

While another connection holds a snapshot (`pg_dump`, a long report), the server cannot remove the
index entries of matches that were claimed, and of batches that are over. A scan that begins at a
floor does not pass over those below it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rrm_queue.domain import BatchId, JobId
from rrm_queue.store.connection import Connection, text

FIRST_RUNNING = text("""
    SELECT id FROM tournaments
    WHERE job_id = :job AND id >= :tournament AND state IN ('running', 'gathering')
    ORDER BY id LIMIT 1
""")

FIRST_UNDECIDED = text("""
    SELECT round, slot FROM matches
    WHERE tournament_id = :tournament AND (round, slot) >= (:round, :slot)
      AND state IN ('ready', 'out')
    ORDER BY round, slot LIMIT 1
""")

FIRST_OUT = text("""
    SELECT min(first.id) FROM unnest(CAST(:queues AS text[])) AS q (queue), LATERAL (
        SELECT id FROM batches
        WHERE queue = q.queue AND state = 'out' AND id >= :batch
        ORDER BY id LIMIT 1
    ) AS first
""")


class Floor(NamedTuple):
    """A place in a job: no match before it is ready or out."""

    tournament: int = 0
    round: int = 0
    slot: int = 0


def floor_columns(floors: Mapping[JobId, Floor]) -> dict[str, list[Any]]:
    """The floors as columns."""
    return {
        "jobs": list(floors),
        "tournaments": [floor.tournament for floor in floors.values()],
        "rounds": [floor.round for floor in floors.values()],
        "slots": [floor.slot for floor in floors.values()],
    }


def next_floor(tx: Connection, job: JobId, floor: Floor, *, in_order: bool) -> Floor:
    """The job's floor now, searched from an earlier one.

    `in_order`: later matches of a tournament have later places, so it can lie within a tournament.
    """
    tournament = tx.scalar(FIRST_RUNNING, {"job": job, "tournament": floor.tournament})
    if tournament is None:
        return floor
    here = floor if tournament == floor.tournament else Floor(tournament)
    first = tx.execute(FIRST_UNDECIDED, here._asdict()).first() if in_order else None
    return here if first is None else Floor(tournament, first.round, first.slot)


def first_out(tx: Connection, queues: Sequence[str], batch: BatchId) -> BatchId:
    """The queues' first batch that is out, searched from an earlier one; that one if none is."""
    first = tx.scalar(FIRST_OUT, {"queues": list(queues), "batch": batch})
    return batch if first is None else BatchId(first)
