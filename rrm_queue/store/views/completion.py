"""What a shell suggests where a job or a tournament must be named."""

from rrm_queue.store.connection import Connection, text
from rrm_queue.store.rows import read_rows
from rrm_queue.views.jobs import OfferedJob

JOBS_SO = text("""
    SELECT id, coalesce(name, source) AS about, state FROM jobs
    WHERE starts_with(id, :begun) AND deleted_at IS NULL
    ORDER BY created_at DESC LIMIT :most
""")

KEYS_SO = text("""
    SELECT key FROM tournaments
    WHERE job_id = (SELECT min(id) FROM jobs WHERE starts_with(id, :job) AND deleted_at IS NULL
                    HAVING count(*) = 1)
      AND starts_with(key, :begun)
    ORDER BY id LIMIT :most
""")


def jobs_so(tx: Connection, begun: str, most: int) -> list[OfferedJob]:
    """The newest jobs whose ids begin with `begun`."""
    return list(read_rows(OfferedJob, tx.execute(JOBS_SO, {"begun": begun, "most": most})))


def keys_so(tx: Connection, job: str, begun: str, most: int) -> list[str]:
    """The job's first tournaments whose ids begin with `begun`.

    `job` is a unique beginning of the job's id.
    """
    asked = {"job": job, "begun": begun, "most": most}
    return list(tx.scalars(KEYS_SO, asked))
