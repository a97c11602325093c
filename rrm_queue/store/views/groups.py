"""Groups that want rewards: what their judge decided, for many tournaments at once."""

from collections.abc import Iterable, Sequence

from rrm_queue.domain import JobId, Result, TournamentId, TournamentState
from rrm_queue.errors import TournamentNotFound
from rrm_queue.store.connection import Connection, Row, text
from rrm_queue.views.groups import HeldJob, JudgedGroup

# A match counts for rewards when a vote had a verdict; a draw of votes without one says nothing.
# Where a coin chose the winner, both have drawn.
GROUPS = text("""
    SELECT t.id, t.job_id, t.key, t.state, t.error, t.seed,
           (SELECT array_agg(key ORDER BY number) FROM candidates
            WHERE tournament_id = t.id) AS keys,
           m.firsts, m.seconds, m.winners, coalesce(m.matches, 0) AS matches,
           coalesce(m.votes, 0) AS votes, coalesce(m.prompt_tokens, 0) AS prompt_tokens,
           coalesce(m.cached_tokens, 0) AS cached_tokens,
           coalesce(m.completion_tokens, 0) AS completion_tokens
    FROM tournaments t LEFT JOIN LATERAL (
        SELECT array_agg(first ORDER BY id) FILTER (WHERE judged) AS firsts,
               array_agg(second ORDER BY id) FILTER (WHERE judged) AS seconds,
               array_agg(winner ORDER BY id) FILTER (WHERE judged) AS winners,
               count(*) FILTER (WHERE done) AS matches, sum(votes)::bigint AS votes,
               sum(prompt_tokens)::bigint AS prompt_tokens,
               sum(cached_tokens)::bigint AS cached_tokens,
               sum(completion_tokens)::bigint AS completion_tokens
        FROM (
            SELECT m.id, m.first, m.second, m.state = 'done' AS done,
                   CASE WHEN m.decided_by <> 'coin' THEN m.winner END AS winner,
                   coalesce(m.state = 'done'
                            AND bool_or(v.verdict <> 'none'), false) AS judged,
                   count(v.match_id) AS votes, sum(v.prompt_tokens) AS prompt_tokens,
                   sum(v.cached_tokens) AS cached_tokens,
                   sum(v.completion_tokens) AS completion_tokens
            FROM matches m LEFT JOIN votes v ON v.match_id = m.id
            WHERE m.tournament_id = t.id
            GROUP BY m.id
        ) AS judged_matches
    ) AS m ON true
    WHERE t.id = ANY(CAST(:tournaments AS bigint[])) AND t.state IN ('done', 'failed')
""")

FIND_TOURNAMENT = text("SELECT id FROM tournaments WHERE job_id = :job AND key = :key")

HELD_JOBS = text("""
    SELECT id, state, note FROM jobs
    WHERE id = ANY(CAST(:jobs AS text[])) AND state IN ('paused', 'cancelled')
""")


def judged_groups(tx: Connection, tournaments: Iterable[TournamentId]) -> list[JudgedGroup]:
    """Those of the tournaments that are over."""
    rows = tx.execute(GROUPS, {"tournaments": list(tournaments)})
    return [_group(row) for row in rows]


def find_group(tx: Connection, job: JobId, key: str) -> TournamentId:
    """The job's tournament of this key. Raises TournamentNotFound."""
    found: TournamentId | None = tx.scalar(FIND_TOURNAMENT, {"job": job, "key": key})
    if found is None:
        raise TournamentNotFound(f"job {job} has no '{key}'")
    return found


def held_jobs(tx: Connection, jobs: Sequence[JobId]) -> list[HeldJob]:
    """Those of the jobs of which nothing is judged at present."""
    return [
        HeldJob(row.id, f"job {row.id} is {row.state}" + (f": {row.note}" if row.note else ""))
        for row in tx.execute(HELD_JOBS, {"jobs": list(jobs)})
    ]


def _group(row: Row) -> JudgedGroup:
    return JudgedGroup(
        id=row.id,
        job=row.job_id,
        key=row.key,
        state=TournamentState(row.state),
        error=row.error,
        seed=row.seed,
        keys=row.keys,
        results=[
            Result(*cells)
            for cells in zip(row.firsts or (), row.seconds or (), row.winners or (), strict=True)
        ],
        matches=row.matches,
        votes=row.votes,
        prompt_tokens=row.prompt_tokens,
        cached_tokens=row.cached_tokens,
        completion_tokens=row.completion_tokens,
    )
