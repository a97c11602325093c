"""How fast a judge has been in the jobs that the store holds."""

from sqlalchemy import Connection, text

from rrm_queue.domain import JudgeSpec
from rrm_queue.views import Pace

LEAST_VOTES = 100
"""Fewer votes say more about a fleet's start than about its pace."""

PACE = text("""
    SELECT id, votes - votes_reused AS votes,
           CAST(extract(epoch FROM finished_at - started_at) AS float8) AS seconds,
           completion_tokens
    FROM jobs
    WHERE judge ->> 'kind' = :kind AND coalesce(judge ->> 'argument', '') = :argument
      AND state IN ('succeeded', 'partial') AND votes - votes_reused >= :least
      AND finished_at > started_at
    ORDER BY finished_at DESC LIMIT 1
""")


def last_pace(tx: Connection, judge: JudgeSpec) -> Pace | None:
    """The pace of the last job that ended with this judge; None if there is none to speak of."""
    words = {"kind": judge.kind, "argument": judge.argument, "least": LEAST_VOTES}
    for row in tx.execute(PACE, words):
        return Pace(*row)
    return None
