"""Jobs that are left over: those that requests for rewards made, and those that ended long ago."""

from typing import Any, NamedTuple

from rrm_queue.domain import JobId
from rrm_queue.store.connection import Connection, text

# An open job is left over when nothing of it waits, runs or is gathered.
LEFT_OVER = text("""
    SELECT j.id, j.ephemeral, j.tournaments, j.votes FROM jobs j
    WHERE (NOT j.open AND j.state NOT IN ('queued', 'running', 'paused')
           OR j.ephemeral AND j.tournaments_done + j.tournaments_failed = j.tournaments
              AND NOT EXISTS (SELECT FROM cohorts c
                              WHERE c.job_id = j.id AND c.state = 'gathering'))
      AND (:ended OR j.ephemeral)
      AND coalesce((SELECT max(t.finished_at) FROM tournaments t WHERE t.job_id = j.id),
                   j.finished_at, j.created_at) < now() - :seconds * interval '1 second'
    ORDER BY j.created_at
""")

# It was left over when it was listed. What was added meanwhile is seen once its row is locked.
DELETE_LEFT_OVER = text("""
    DELETE FROM jobs j
    WHERE j.id = :job
      AND (NOT j.open AND j.state NOT IN ('queued', 'running', 'paused')
           OR j.ephemeral AND j.tournaments_done + j.tournaments_failed = j.tournaments
              AND NOT EXISTS (SELECT FROM cohorts c
                              WHERE c.job_id = j.id AND c.state = 'gathering'))
    RETURNING j.id
""")


class LeftOver(NamedTuple):
    """A job that may be removed; `ephemeral` when requests for rewards made it."""

    job: JobId
    ephemeral: bool
    tournaments: int
    votes: int


def left_over(tx: Connection, seconds: float, *, ended: bool) -> list[LeftOver]:
    """The jobs without work for so many seconds that requests for rewards made.

    With `ended` also all others that have ended.
    """
    rows: Any = tx.execute(LEFT_OVER, {"seconds": seconds, "ended": ended})
    return [LeftOver(row.id, row.ephemeral, row.tournaments, row.votes) for row in rows]


def delete_left_over(tx: Connection, job: JobId) -> bool:
    """Removes the job with all that is its own, unless it has work again; whether it did."""
    return tx.scalar(DELETE_LEFT_OVER, {"job": job}) is not None
