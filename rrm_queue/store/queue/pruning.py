"""Jobs that are left over: those that requests for rewards made, and those that ended long ago."""

from rrm_queue.domain import JobId
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.rows import read_rows
from rrm_queue.views.jobs import LeftOver

# An open job is left over when nothing of it waits, runs or is gathered.
LEFT_OVER = text("""
    SELECT j.id FROM jobs j
    WHERE j.deleted_at IS NULL
      AND (NOT j.open AND j.state NOT IN ('queued', 'running', 'paused')
           OR j.ephemeral AND j.tournaments_done + j.tournaments_failed = j.tournaments
              AND NOT EXISTS (SELECT FROM cohorts c
                              WHERE c.job_id = j.id AND c.state = 'gathering'))
      AND (:ended OR j.ephemeral)
      AND coalesce((SELECT max(t.finished_at) FROM tournaments t WHERE t.job_id = j.id),
                   j.finished_at, j.created_at) < now() - :seconds * interval '1 second'
    ORDER BY j.created_at
""")

# The bytes of texts are those of the job's first tournaments. What a row takes besides, with its
# indexes: 350 for a tournament and its batches, 210 for a candidate and its standing, 200 for a
# match, 230 for a vote (`benchmarks/disk.py` compares the sum with the files).
SIZES = text("""
    SELECT j.id AS job, j.ephemeral, j.tournaments, j.votes,
           CAST(j.tournaments * (350 + coalesce(t.bytes, 0))
                + j.candidates * (210 + coalesce(c.bytes, 0))
                + (j.matches_done + j.matches_failed) * 200
                + j.votes * (230 + coalesce(v.bytes, 0)) AS bigint) AS bytes
    FROM unnest(CAST(:jobs AS text[])) WITH ORDINALITY AS w (id, place)
    JOIN jobs j ON j.id = w.id
    LEFT JOIN LATERAL (
        SELECT array_agg(id) AS ids,
               avg(pg_column_size(prompt) + coalesce(pg_column_size(reference), 0)
                   + coalesce(pg_column_size(criteria), 0)
                   + coalesce(pg_column_size(pairs), 0)) AS bytes
        FROM (SELECT * FROM tournaments WHERE job_id = j.id ORDER BY id LIMIT 20) AS sampled
    ) AS t ON true
    LEFT JOIN LATERAL (
        SELECT avg(pg_column_size(text)) AS bytes
        FROM (SELECT text FROM candidates WHERE tournament_id = ANY(t.ids) LIMIT 200) AS sampled
    ) AS c ON true
    LEFT JOIN LATERAL (
        SELECT avg(pg_column_size(v.text) + coalesce(pg_column_size(v.packed), 0)) AS bytes
        FROM (SELECT id FROM matches WHERE tournament_id = ANY(t.ids) LIMIT 200) AS sampled
        JOIN votes v ON v.match_id = sampled.id
    ) AS v ON true
    ORDER BY w.place
""")

# It was left over when it was listed. What was added meanwhile is seen once its row is locked.
MARK_LEFT_OVER = text("""
    UPDATE jobs j
    SET deleted_at = now(), submission = NULL, open = false, state = 'cancelled'
    WHERE j.id = :job AND j.deleted_at IS NULL
      AND (NOT j.open AND j.state NOT IN ('queued', 'running', 'paused')
           OR j.ephemeral AND j.tournaments_done + j.tournaments_failed = j.tournaments
              AND NOT EXISTS (SELECT FROM cohorts c
                              WHERE c.job_id = j.id AND c.state = 'gathering'))
    RETURNING j.id
""")


def left_over(tx: Connection, seconds: float, *, ended: bool) -> list[LeftOver]:
    """The jobs without work for so many seconds that requests for rewards made.

    With `ended` also all others that have ended.
    """
    found = tx.scalars(LEFT_OVER, {"seconds": seconds, "ended": ended}).all()
    return list(read_rows(LeftOver, tx.execute(SIZES, {"jobs": found})))


def mark_left_over(tx: Connection, job: JobId) -> bool:
    """Marks the job as deleted, unless it has work again; whether it did."""
    return tx.scalar(MARK_LEFT_OVER, {"job": job}) is not None
