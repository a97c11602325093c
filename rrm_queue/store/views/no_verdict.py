"""How many votes gave no verdict, and how many matches votes left undecided, at a bounded cost."""

from rrm_queue.domain import JobId
from rrm_queue.store.connection import Connection, text
from rrm_queue.views.jobs import NoVerdictSample

EXACT = 4_000
"""The size of the sample; a job that has no more matches is looked at as a whole."""

TOURNAMENTS = 100
"""How many tournaments of a larger job the sample is from, spread evenly over the opened ones."""

# Tournaments are opened in order of id, so those before the first that waits were. A few index
# probes find those to look at, however many there are.
LOOK = text("""
    WITH edges AS (
        SELECT (SELECT min(id) FROM tournaments WHERE job_id = :job) AS low,
               coalesce(
                   (SELECT min(id) - 1 FROM tournaments WHERE job_id = :job AND state = 'waiting'),
                   (SELECT max(id) FROM tournaments WHERE job_id = :job)) AS high
    ), chosen AS MATERIALIZED (
        SELECT DISTINCT t.id
        FROM edges, generate_series(0, CAST(:points AS int)) AS n, LATERAL (
            SELECT id FROM tournaments
            WHERE job_id = :job AND id >= low + (high - low) * n / :points
            ORDER BY id LIMIT 1
        ) AS t
    ), looked AS MATERIALIZED (
        SELECT m.id, m.decided_by, m.winner
        FROM chosen c, LATERAL (
            SELECT id, decided_by, winner FROM matches
            WHERE tournament_id = c.id AND state = 'done'
            ORDER BY round, slot LIMIT :each
        ) AS m
    )
    SELECT count(*) AS matches,
           count(*) FILTER (WHERE decided_by = 'coin') AS coins,
           count(*) FILTER (WHERE winner IS NULL AND decided_by = 'votes') AS draws,
           coalesce(sum(v.votes), 0)::bigint AS votes,
           coalesce(sum(v.no_verdict), 0)::bigint AS no_verdict
    FROM looked l, LATERAL (
        SELECT count(*) AS votes, count(*) FILTER (WHERE verdict = 'none') AS no_verdict
        FROM votes WHERE match_id = l.id
    ) AS v
""")


def no_verdict_sample(
    tx: Connection, job: JobId, tournaments: int, matches_done: int
) -> NoVerdictSample:
    """A sample of the job's decided matches, EXACT of them at most: it takes some milliseconds.

    Of a larger job it holds the first matches of evenly spread tournaments.
    """
    whole = matches_done <= EXACT
    points = max(1, min(tournaments, EXACT if whole else TOURNAMENTS))
    each = EXACT if whole else EXACT // points
    row = tx.execute(LOOK, {"job": job, "points": points, "each": each}).one()
    return NoVerdictSample(
        matches=row.matches,
        coins=row.coins,
        draws=row.draws,
        votes=row.votes,
        no_verdict=row.no_verdict,
        whole=row.matches >= matches_done,
    )
