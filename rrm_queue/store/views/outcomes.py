"""How matches ended, for whoever rates them: a job's in columns, a tournament's as results."""

from sqlalchemy import Connection, text

from rrm_queue.columns import JobOutcomes
from rrm_queue.domain import JobId, Result
from rrm_queue.store.binary_columns import read_columns
from rrm_queue.views import TournamentOutcomes

GENERATORS = text("""
    SELECT DISTINCT c.generator
    FROM tournaments t JOIN candidates c ON c.tournament_id = t.id
    WHERE t.job_id = :job AND c.generator IS NOT NULL
    ORDER BY c.generator
""")

# A match that a coin decided had as many votes for either side: between generators it is the draw
# that its votes were.
MATCHES = """
    COPY (
        WITH named AS MATERIALIZED (
            SELECT generator, place FROM unnest(CAST(%(generators)s AS text[]))
                WITH ORDINALITY AS g (generator, place)
        ), candidates AS MATERIALIZED (
            SELECT c.tournament_id, c.number, coalesce(n.place::int - 1, -1) AS place
            FROM tournaments t JOIN candidates c ON c.tournament_id = t.id
            LEFT JOIN named n USING (generator)
            WHERE t.job_id = %(job)s
        )
        SELECT m.tournament_id, one.place, two.place,
               CASE WHEN m.winner IS NULL OR m.decided_by = 'coin' THEN 0
                    WHEN m.winner = m.first THEN 1 ELSE 2 END::smallint
        FROM tournaments t JOIN matches m ON m.tournament_id = t.id
        JOIN candidates one ON one.tournament_id = m.tournament_id AND one.number = m.first
        JOIN candidates two ON two.tournament_id = m.tournament_id AND two.number = m.second
        WHERE t.job_id = %(job)s AND m.state = 'done'
    ) TO STDOUT (FORMAT binary)
"""

RESULTS = text("""
    SELECT m.first, m.second, m.winner
    FROM tournaments t JOIN matches m ON m.tournament_id = t.id
    WHERE t.job_id = :job AND t.key = :key AND m.state = 'done'
""")

TOURNAMENT = text("""
    SELECT size, seed FROM tournaments WHERE job_id = :job AND key = :key
""")


def job_outcomes(tx: Connection, job: JobId) -> JobOutcomes:
    """The outcomes of all of the job's matches so far, by generator."""
    generators = list(tx.scalars(GENERATORS, {"job": job}))
    parameters = {"job": job, "generators": generators}
    types = ("bigint", "integer", "integer", "smallint")
    return JobOutcomes(generators, *read_columns(tx, MATCHES, parameters, types))


def tournament_outcomes(tx: Connection, job: JobId, key: str) -> TournamentOutcomes:
    """The outcomes of the job's tournament of this key, which there must be."""
    size, seed = tx.execute(TOURNAMENT, {"job": job, "key": key}).one()
    rows = tx.execute(RESULTS, {"job": job, "key": key})
    return TournamentOutcomes(size, seed, [Result(*row) for row in rows])
