"""A job's tournaments, those with the closest ends first."""

from collections.abc import Sequence

from rrm_queue.domain import JobId, TournamentId
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.rows import read_rows
from rrm_queue.views.closeness import TournamentLine

# Failed tournaments first, then by the distance of the two best; those that are not done last.
# Matches and their votes are counted only of the tournaments that are shown. A reused vote cost
# this job nothing.
_OF_JOB = """
    WITH closest AS MATERIALIZED (
        SELECT t.id, t.key, t.state, t.error, t.size, left(t.prompt, 300) AS prompt, t.champion,
               two.candidate AS second, one.bt - two.bt AS margin
        FROM tournaments t
        LEFT JOIN standings one ON one.tournament_id = t.id AND one.candidate = t.champion
        LEFT JOIN LATERAL (
            SELECT candidate, bt FROM standings s
            WHERE s.tournament_id = t.id AND s.candidate <> t.champion
            ORDER BY s.rank, s.bt DESC, s.candidate LIMIT 1
        ) AS two ON t.state = 'done'
        WHERE t.job_id = :job AND
"""

_ORDER = """
        ORDER BY (t.state = 'failed') DESC, (t.state = 'done') DESC, one.bt - two.bt, t.id
"""

_SHOWN = """
    )
    SELECT c.id, c.key, c.state, c.error, c.size, c.prompt, c.margin,
           coalesce(best.generator, best.key) AS champion,
           coalesce(runner.generator, runner.key) AS runner_up,
           spent.matches, spent.coins, spent.votes,
           spent.prompt_tokens, spent.cached_tokens, spent.completion_tokens
    FROM closest c
    LEFT JOIN candidates best ON best.tournament_id = c.id AND best.number = c.champion
    LEFT JOIN candidates runner ON runner.tournament_id = c.id AND runner.number = c.second
    CROSS JOIN LATERAL (
        SELECT count(DISTINCT m.id) FILTER (WHERE m.state = 'done') AS matches,
               count(DISTINCT m.id) FILTER (WHERE m.decided_by = 'coin') AS coins,
               count(v.number) AS votes,
               coalesce(sum(v.prompt_tokens) FILTER (WHERE NOT v.reused), 0)::bigint
                   AS prompt_tokens,
               coalesce(sum(v.cached_tokens) FILTER (WHERE NOT v.reused), 0)::bigint
                   AS cached_tokens,
               coalesce(sum(v.completion_tokens) FILTER (WHERE NOT v.reused), 0)::bigint
                   AS completion_tokens
        FROM matches m LEFT JOIN votes v ON v.match_id = m.id
        WHERE m.tournament_id = c.id
    ) AS spent
    ORDER BY (c.state = 'failed') DESC, (c.state = 'done') DESC, c.margin, c.id
"""

LINES = text(f"""
    {_OF_JOB} (CAST(:state AS text) IS NULL OR t.state = :state)
          AND (CAST(:search AS text) IS NULL OR strpos(lower(t.key), lower(:search)) > 0
               OR strpos(lower(t.prompt), lower(:search)) > 0)
    {_ORDER} LIMIT :most OFFSET :skip {_SHOWN}
""")

LINES_OF = text(f"""
    {_OF_JOB} t.id = ANY(CAST(:tournaments AS bigint[])) {_ORDER} {_SHOWN}
""")


def tournament_lines(
    tx: Connection,
    job: JobId,
    most: int,
    *,
    skip: int = 0,
    state: str | None = None,
    search: str | None = None,
) -> list[TournamentLine]:
    """`most` tournaments of the job after the first `skip`, the closest first.

    With `state` only those in it, with `search` only those with this text in key or prompt.
    """
    filters = {"job": job, "most": most, "skip": skip, "state": state, "search": search}
    return list(read_rows(TournamentLine, tx.execute(LINES, filters)))


def lines_of(
    tx: Connection, job: JobId, tournaments: Sequence[TournamentId]
) -> list[TournamentLine]:
    """These tournaments of the job, the closest first."""
    bind = {"job": job, "tournaments": list(tournaments)}
    return list(read_rows(TournamentLine, tx.execute(LINES_OF, bind)))
