"""What takes a job out of the store: its row is marked, and what is its own goes in small parts.

Each part is a transaction of its own, so that no lock is held for long and the server can use the
room again while the rest is removed. From the mark on nobody finds the job.
"""

from typing import NamedTuple

from rrm_queue.domain import JobId
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.key_checks import keys_checked_by_index

ROWS = 4000
"""About as many rows go in one transaction."""

# As a cancelled job it is not planned, dispatched or tried again meanwhile, by whatever version.
MARK_ENDED = text("""
    UPDATE jobs
    SET deleted_at = now(), submission = NULL, open = false, state = 'cancelled'
    WHERE id = :job AND deleted_at IS NULL AND state NOT IN ('queued', 'running', 'paused')
    RETURNING id
""")

MARKED = text("SELECT id FROM jobs WHERE deleted_at IS NOT NULL ORDER BY deleted_at LIMIT :most")

# About how many rows go with a match: itself and its votes.
ROWS_OF_MATCH = text("""
    SELECT 2 + votes / greatest(matches_done, 1) FROM jobs WHERE id = :job
""")

# Tournaments that another process removes are left to it.
NEXT_TOURNAMENTS = text("""
    SELECT t.id, t.planned FROM tournaments t
    JOIN (SELECT id, sum(size + planned * CAST(:rows AS bigint)) OVER (ORDER BY id) AS so_far,
                 row_number() OVER (ORDER BY id) AS place
          FROM (SELECT id, size, planned FROM tournaments
                WHERE job_id = :job AND id > :after ORDER BY id LIMIT 500) AS few) AS n
      ON n.id = t.id
    WHERE n.so_far <= :most OR n.place = 1
    ORDER BY t.id
    FOR UPDATE OF t SKIP LOCKED
""")

# The ids as an array: a join would read all rows of the table for many.
DELETE_MATCHES = text("""
    DELETE FROM matches
    WHERE id = ANY(ARRAY(SELECT id FROM matches
                         WHERE tournament_id = :tournament
                           AND (round, slot) > (CAST(:round AS int), CAST(:slot AS int))
                         ORDER BY round, slot LIMIT :most))
    RETURNING round, slot
""")

# Their matches, votes, candidates and standings go with them.
DELETE_TOURNAMENTS = text("""
    DELETE FROM tournaments WHERE id = ANY(CAST(:tournaments AS bigint[]))
""")

DELETE_BATCHES = text("""
    DELETE FROM batches
    WHERE id = ANY(ARRAY(SELECT id FROM batches WHERE job_id = :job LIMIT :most))
""")

DELETE_COHORTS = text("""
    DELETE FROM cohorts
    WHERE id = ANY(ARRAY(SELECT id FROM cohorts WHERE job_id = :job LIMIT :most))
""")

# What another process still held goes with it.
DELETE_JOB = text("DELETE FROM jobs WHERE id = :job AND deleted_at IS NOT NULL")


class Place(NamedTuple):
    """How far the removal of a job is: after `tournament`, and in the next one after a match.

    `removed` counts the tournaments that are gone.
    """

    tournament: int = 0
    removed: int = 0
    round: int = -1
    slot: int = -1


def mark_ended(tx: Connection, job: JobId) -> bool:
    """Marks a job that has ended, so that nobody finds it any more; whether it had ended.

    Outcomes of it that still arrive are removed with it, or dropped.
    """
    return tx.scalar(MARK_ENDED, {"job": job}) is not None


def marked(tx: Connection, most: int) -> list[JobId]:
    """The jobs that are marked and not yet removed, the oldest mark first."""
    return [JobId(job) for job in tx.scalars(MARKED, {"most": most})]


def remove_part(tx: Connection, job: JobId, at: Place) -> Place | None:
    """Removes the next part of a marked job; where the rest begins, None when nothing is left."""
    rows = tx.scalar(ROWS_OF_MATCH, {"job": job})
    if rows is None:
        return None
    asked = {"job": job, "after": at.tournament, "rows": rows, "most": ROWS}
    due = tx.execute(NEXT_TOURNAMENTS, asked).all()
    if not due:
        return at if _remove_rest(tx, job) else None
    large = due[0].planned * rows > ROWS
    with keys_checked_by_index(tx):
        if large and (place := _remove_matches(tx, due[0].id, at, max(1, ROWS // rows))):
            return place
        tx.execute(DELETE_TOURNAMENTS, {"tournaments": [tournament.id for tournament in due]})
    return Place(due[-1].id, at.removed + len(due))


def _remove_matches(tx: Connection, tournament: int, at: Place, most: int) -> Place | None:
    """Removes the next matches of a large tournament; None when those were the last."""
    after = {"tournament": tournament, "round": at.round, "slot": at.slot, "most": most}
    gone = tx.execute(DELETE_MATCHES, after).all()
    if len(gone) < most:
        return None
    round_, slot = max((row.round, row.slot) for row in gone)
    return at._replace(round=round_, slot=slot)


def _remove_rest(tx: Connection, job: JobId) -> bool:
    """Removes what is no tournament's, and at last the job; whether more may be left."""
    some = {"job": job, "most": ROWS}
    if tx.execute(DELETE_BATCHES, some).rowcount or tx.execute(DELETE_COHORTS, some).rowcount:
        return True
    tx.execute(DELETE_JOB, {"job": job})
    return False
