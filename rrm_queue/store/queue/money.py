"""What jobs with a limit have cost so far, and their matches that are out."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from rrm_queue.domain import JobId, Price
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.rows import read_rows

LIMITED_JOBS = text("""
    SELECT j.id, j.price, j.max_cost, j.matches_done, j.prompt_tokens, j.cached_tokens,
           j.completion_tokens, j.started_at, now() AS now,
           (SELECT count(*) FROM matches m WHERE m.job_id = j.id AND m.state = 'out') AS out
    FROM jobs j
    WHERE j.id = ANY(CAST(:jobs AS text[])) AND j.max_cost IS NOT NULL
      AND j.price IS NOT NULL
""")

SET_LIMIT = text("UPDATE jobs SET max_cost = :most WHERE id = :job AND price IS NOT NULL")


class LimitedJob(NamedTuple):
    """A job that may cost `max_cost` at most; `matches_done` have used the tokens."""

    id: JobId
    price: Price
    max_cost: float
    matches_done: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    started_at: datetime | None
    now: datetime
    out: int


def limited_jobs(tx: Connection, jobs: Sequence[JobId]) -> dict[JobId, LimitedJob]:
    """Those of the jobs that have a limit, by id."""
    rows = tx.execute(LIMITED_JOBS, {"jobs": list(jobs)})
    return {job.id: job for job in read_rows(LimitedJob, rows)}


def set_limit(tx: Connection, job: JobId, most: float | None) -> None:
    """Sets the most that a job with a price may cost; None: any amount."""
    tx.execute(SET_LIMIT, {"job": job, "most": most})
