"""A job's tournaments, those with the closest ends first."""

from sqlalchemy import Connection, text

from rrm_queue.domain import JobId
from rrm_queue.store.rows import read_rows
from rrm_queue.views.closeness import TournamentLine

# Failed tournaments first, then by the distance of the two best; those that are not done last.
# Matches and their votes are counted only of the tournaments that are shown.
LINES = text("""
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
        WHERE t.job_id = :job AND (CAST(:state AS text) IS NULL OR t.state = :state)
          AND (CAST(:search AS text) IS NULL OR strpos(lower(t.key), lower(:search)) > 0
               OR strpos(lower(t.prompt), lower(:search)) > 0)
        ORDER BY (t.state = 'failed') DESC, (t.state = 'done') DESC, one.bt - two.bt, t.id
        LIMIT :most OFFSET :skip
    )
    SELECT c.key, c.state, c.error, c.size, c.prompt, c.margin,
           coalesce(best.generator, best.key) AS champion,
           coalesce(runner.generator, runner.key) AS runner_up,
           spent.matches, spent.coins, spent.votes, spent.tokens
    FROM closest c
    LEFT JOIN candidates best ON best.tournament_id = c.id AND best.number = c.champion
    LEFT JOIN candidates runner ON runner.tournament_id = c.id AND runner.number = c.second
    CROSS JOIN LATERAL (
        SELECT count(DISTINCT m.id) FILTER (WHERE m.state = 'done') AS matches,
               count(DISTINCT m.id) FILTER (WHERE m.decided_by = 'coin') AS coins,
               count(v.number) AS votes,
               coalesce(sum(v.prompt_tokens + v.completion_tokens), 0)::bigint AS tokens
        FROM matches m LEFT JOIN votes v ON v.match_id = m.id
        WHERE m.tournament_id = c.id
    ) AS spent
    ORDER BY (c.state = 'failed') DESC, (c.state = 'done') DESC, c.margin, c.id
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
