"""How fast a judge was in the jobs that the store holds."""

from rrm_queue.domain import JudgeSpec
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.rows import read_rows
from rrm_queue.views.jobs import Throughput

LEAST_VOTES = 100
"""Jobs of fewer votes measure the start of the workers more than their throughput."""

THROUGHPUT = text("""
    SELECT id AS job, votes - votes_reused AS votes,
           CAST(extract(epoch FROM finished_at - started_at) AS float8) AS seconds,
           completion_tokens
    FROM jobs
    WHERE judge ->> 'kind' = :kind AND coalesce(judge ->> 'argument', '') = :argument
      AND state IN ('succeeded', 'partial') AND votes - votes_reused >= :least
      AND finished_at > started_at
    ORDER BY finished_at DESC LIMIT 1
""")


def last_throughput(tx: Connection, judge: JudgeSpec) -> Throughput | None:
    """The throughput of the last large enough job that ended with this judge; None without one."""
    words = {"kind": judge.kind, "argument": judge.argument, "least": LEAST_VOTES}
    return next(read_rows(Throughput, tx.execute(THROUGHPUT, words)), None)
