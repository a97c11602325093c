"""What a shell may be offered where a job or a tournament is to be named."""

from sqlalchemy import Connection, text

from rrm_queue.views import OfferedJob

JOBS_SO = text("""
    SELECT id, coalesce(name, source) AS about, state FROM jobs
    WHERE starts_with(id, :begun) ORDER BY created_at DESC LIMIT :most
""")

KEYS_SO = text("""
    SELECT key FROM tournaments
    WHERE job_id = (SELECT min(id) FROM jobs WHERE starts_with(id, :job) HAVING count(*) = 1)
      AND starts_with(key, :begun)
    ORDER BY id LIMIT :most
""")


def jobs_so(tx: Connection, begun: str, most: int) -> list[OfferedJob]:
    """The newest jobs whose ids begin so."""
    return [OfferedJob(*row) for row in tx.execute(JOBS_SO, {"begun": begun, "most": most})]


def keys_so(tx: Connection, job: str, begun: str, most: int) -> list[str]:
    """The job's first tournaments whose ids begin so; `job` is any unique beginning of its id."""
    asked = {"job": job, "begun": begun, "most": most}
    return [key for (key,) in tx.execute(KEYS_SO, asked)]
