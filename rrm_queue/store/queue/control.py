"""What a user does to a job: cancel, pause, resume, retry. Each is idempotent."""

from typing import NamedTuple

from rrm_queue.domain import JobId
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.database import storable
from rrm_queue.store.listening import Channel, tell

# One row: what is waiting, ready or out stays as it is, and is planned and claimed no more.
# The same submission may be made again: a cancelled job does not answer for it.
CANCEL_JOB = text("""
    UPDATE jobs
    SET state = 'cancelled', finished_at = now(), submission = NULL, note = NULL, open = false
    WHERE id = :job AND state IN ('queued', 'running', 'paused')
    RETURNING id
""")

PAUSE_JOB = text("""
    UPDATE jobs SET state = 'paused', note = :note
    WHERE id = :job AND state IN ('queued', 'running')
    RETURNING id
""")

RESUME_JOB = text("""
    UPDATE jobs
    SET state = CASE WHEN started_at IS NULL THEN 'queued' ELSE 'running' END, note = NULL
    WHERE id = :job AND state = 'paused'
    RETURNING id
""")

LOCK_FAILED = text("""
    SELECT t.id FROM tournaments t JOIN jobs j ON j.id = t.job_id
    WHERE t.job_id = :job AND t.state = 'failed' AND j.state <> 'cancelled'
    ORDER BY t.id
    FOR UPDATE OF t
""")

# A vote without a verdict that failed its match would fail it again: it is cast anew.
DROP_FAILING_VOTES = text("""
    DELETE FROM votes v USING matches m, jobs j
    WHERE m.tournament_id = ANY(CAST(:tournaments AS bigint[])) AND m.state = 'failed'
      AND j.id = m.job_id AND j.voting ->> 'on_no_verdict' = 'fail'
      AND v.match_id = m.id AND v.verdict = 'none'
    RETURNING v.reused
""")

COUNT_FAILED = text("""
    SELECT count(*) FROM matches
    WHERE tournament_id = ANY(CAST(:tournaments AS bigint[])) AND state = 'failed'
""")

REQUEUE_MATCHES = text("""
    UPDATE matches
    SET state = 'ready', attempt = 0, batch_id = NULL, error = NULL, decided_at = NULL,
        not_before = NULL
    WHERE tournament_id = ANY(CAST(:tournaments AS bigint[])) AND state IN ('failed', 'cancelled')
""")

REOPEN_TOURNAMENTS = text("""
    UPDATE tournaments t
    SET state = CASE WHEN EXISTS (SELECT FROM cohorts c
                                  WHERE c.tournament_id = t.id AND c.state = 'gathering')
                     THEN 'gathering' ELSE 'running' END,
        error = NULL, finished_at = NULL
    WHERE id = ANY(CAST(:tournaments AS bigint[]))
""")

# What failed when its standings were computed has nothing left to judge.
NOTE_DECIDED = text("""
    INSERT INTO decided_tournaments (tournament_id)
    SELECT id FROM tournaments
    WHERE id = ANY(CAST(:tournaments AS bigint[])) AND planned > 0 AND planned = decided
    ON CONFLICT DO NOTHING
""")

REOPEN_JOB = text("""
    UPDATE jobs
    SET state = CASE WHEN state IN ('partial', 'failed') THEN 'running' ELSE state END,
        finished_at = NULL, tournaments_failed = tournaments_failed - :tournaments,
        matches_failed = matches_failed - :matches, votes = votes - :votes,
        votes_reused = votes_reused - :reused, note = NULL
    WHERE id = :job
""")


class Retried(NamedTuple):
    """How much of a job is tried again: what failed, and votes without a verdict.

    `kept` tournaments keep such votes, see `silence.ask_silent_again`.
    """

    tournaments: int
    matches: int
    silent_votes: int = 0
    kept: int = 0


def cancel_job(tx: Connection, job: JobId) -> bool:
    """Ends a job that has not ended; whether there was anything to end."""
    cancelled = tx.scalar(CANCEL_JOB, {"job": job}) is not None
    tell(tx, Channel.HELD, [job] if cancelled else [])
    return cancelled


def pause_job(tx: Connection, job: JobId, note: str | None = None) -> bool:
    """Holds a job that is queued or running; whether it was. `note` says why, if no user asked."""
    note = None if note is None else storable(note)
    paused = tx.scalar(PAUSE_JOB, {"job": job, "note": note}) is not None
    tell(tx, Channel.HELD, [job] if paused else [])
    return paused


def resume_job(tx: Connection, job: JobId) -> bool:
    """Lets a paused job go on; whether it was paused."""
    return tx.scalar(RESUME_JOB, {"job": job}) is not None


def retry_job(tx: Connection, job: JobId) -> Retried:
    """Tries what failed of a job again, with the votes that it has, unless it was cancelled."""
    failed = list(tx.scalars(LOCK_FAILED, {"job": job}))
    if not failed:
        return Retried(0, 0)
    tournaments = {"tournaments": failed}
    matches = int(tx.scalar(COUNT_FAILED, tournaments))
    dropped = tx.scalars(DROP_FAILING_VOTES, tournaments).all()
    tx.execute(REQUEUE_MATCHES, tournaments)
    tx.execute(REOPEN_TOURNAMENTS, tournaments)
    tx.execute(NOTE_DECIDED, tournaments)
    votes = {"votes": len(dropped), "reused": sum(dropped)}
    tx.execute(REOPEN_JOB, {"job": job, "tournaments": len(failed), "matches": matches, **votes})
    return Retried(len(failed), matches)
