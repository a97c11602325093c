"""Jobs that are left over: those that requests for rewards made, and those that ended long ago."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from rrm_queue.domain import JobId

# An open job is left over when nothing of it waits or runs. What was added meanwhile is seen by the
# DELETE, which finds the job's row as it is once it has its lock.
_OVER = """
    (NOT j.open AND j.state NOT IN ('queued', 'running', 'paused')
     OR j.ephemeral AND j.tournaments_done + j.tournaments_failed = j.tournaments)
    AND (:ended OR j.ephemeral)
"""

LEFT_OVER = text(f"""
    SELECT j.id, j.ephemeral, j.tournaments, j.votes FROM jobs j
    WHERE {_OVER}
      AND coalesce((SELECT max(t.finished_at) FROM tournaments t WHERE t.job_id = j.id),
                   j.finished_at, j.created_at) < now() - :seconds * interval '1 second'
    ORDER BY j.created_at
""")  # noqa: S608  # a constant

DELETE_LEFT_OVER = text(f"DELETE FROM jobs j WHERE j.id = :job AND {_OVER} RETURNING j.id")  # noqa: S608


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


def delete_left_over(tx: Connection, job: JobId, *, ended: bool) -> bool:
    """Removes the job with all that is its own, unless it has work again; whether it did."""
    return tx.scalar(DELETE_LEFT_OVER, {"job": job, "ended": ended}) is not None
