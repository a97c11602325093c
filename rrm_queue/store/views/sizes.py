"""How many answers the tournaments of a job have."""

from rrm_queue.domain import JobId
from rrm_queue.store.connection import Connection, text

SIZES = text("""
    SELECT size, count(*) AS tournaments FROM tournaments WHERE job_id = :job GROUP BY size
""")


def tournament_sizes(tx: Connection, job: JobId) -> dict[int, int]:
    """The number of the job's tournaments of each size."""
    return {row.size: row.tournaments for row in tx.execute(SIZES, {"job": job})}
