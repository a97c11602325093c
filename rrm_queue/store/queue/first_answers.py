"""What the store knows of a judge's first answers in a job."""

from collections.abc import Sequence
from typing import NamedTuple

from rrm_queue.domain import JobId
from rrm_queue.store.connection import Connection, text

UNANSWERED = text("""
    SELECT votes = votes_reused AND tournaments >= :least FROM jobs WHERE id = :job
""")

REJECTIONS = text("""
    SELECT error FROM matches
    WHERE job_id = :job AND state = 'ready' AND attempt > 0 AND error IS NOT NULL
    LIMIT :most
""")

# Tournaments are opened in order of id, so the first votes are in the first of them.
NO_VERDICTS = text("""
    SELECT count(*) AS votes, count(*) FILTER (WHERE v.verdict = 'none') AS no_verdict,
           mode() WITHIN GROUP (ORDER BY v.no_verdict) AS reason
    FROM (SELECT id FROM tournaments WHERE job_id = :job ORDER BY id LIMIT :tournaments) AS t
    JOIN matches m ON m.tournament_id = t.id
    JOIN votes v ON v.match_id = m.id AND NOT v.reused
""")

_MOST_REJECTIONS = 100
_MOST_TOURNAMENTS = 1_000


class NoVerdicts(NamedTuple):
    """How many votes of a job gave no verdict, and the most frequent reason."""

    votes: int
    no_verdict: int
    reason: str | None


def is_unanswered(tx: Connection, job: JobId, least: int) -> bool:
    """Whether no vote was cast for the job yet, and it has at least so many tournaments."""
    return bool(tx.scalar(UNANSWERED, {"job": job, "least": least}))


def waiting_errors(tx: Connection, job: JobId) -> Sequence[str]:
    """Errors of matches that wait to be tried again, some of them where there are many."""
    return tx.scalars(REJECTIONS, {"job": job, "most": _MOST_REJECTIONS}).all()


def no_verdicts(tx: Connection, job: JobId) -> NoVerdicts:
    """The votes without a verdict among the job's first votes."""
    (row,) = tx.execute(NO_VERDICTS, {"job": job, "tournaments": _MOST_TOURNAMENTS})
    return NoVerdicts(row.votes, row.no_verdict, row.reason)
