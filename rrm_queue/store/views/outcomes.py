"""The outcomes of a job's matches between generators, in columns, for ratings."""

from msgspec.structs import replace

from rrm_queue.columns import GeneratorMatches, SoftVotes
from rrm_queue.domain import JobId
from rrm_queue.store.binary_columns import BIGINT, INTEGER, NUMBER, SMALLINT_CODE, read_columns
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.joins import join_candidates

GENERATORS = text("""
    SELECT DISTINCT c.generator
    FROM tournaments t JOIN candidates c ON c.tournament_id = t.id
    WHERE t.job_id = :job AND c.generator IS NOT NULL
    ORDER BY c.generator
""")

# A generator's place in GENERATORS, -1 for none.
PLACES = """
    COPY (
        SELECT c.tournament_id, c.number,
               CASE WHEN c.generator IS NULL THEN 0
                    ELSE dense_rank() OVER (ORDER BY c.generator) END - 1
        FROM tournaments t JOIN candidates c ON c.tournament_id = t.id
        WHERE t.job_id = %(job)s
    ) TO STDOUT (FORMAT binary)
"""

# Where a coin settled a tie, both sides had as many votes: between generators it counts as a draw,
# and so do equal texts.
# Of a match by probability, a vote without one counts by its verdict, one without a verdict not.
_MATCHES = """
    COPY (
        SELECT m.tournament_id, m.first, m.second,
               CASE WHEN m.winner IS NULL OR m.decided_by IN ('coin', 'equal') THEN 0
                    WHEN m.winner = m.first THEN 1 ELSE 2 END::smallint{columns}
        FROM tournaments t JOIN matches m ON m.tournament_id = t.id{joins}
        WHERE t.job_id = %(job)s AND m.state = 'done'
    ) TO STDOUT (FORMAT binary)
"""

MATCHES = _MATCHES.format(columns="", joins="")

SOFT_MATCHES = _MATCHES.format(
    columns=", coalesce(v.score, 0.5), v.votes, v.probable",
    joins="""
        CROSS JOIN LATERAL (
            SELECT avg(score) AS score, coalesce(sum(votes), 0)::bigint AS votes,
                   coalesce(sum(probable), 0)::bigint AS probable
            FROM (SELECT avg(CASE WHEN verdict = 'tie' AND probability IS NULL THEN 0.5
                                  WHEN swapped THEN 1 - coalesce(probability, said)
                                  ELSE coalesce(probability, said) END) AS score,
                         count(*) AS votes, count(probability) AS probable
                  FROM votes, LATERAL (SELECT (verdict = 'first')::int::float8) AS s (said)
                  WHERE match_id = m.id AND verdict <> 'none'
                  GROUP BY (number - 1) / %(each)s) AS of_judge
        ) AS v""",
)


_CELLS = (BIGINT, INTEGER, INTEGER, SMALLINT_CODE)


def job_generators(tx: Connection, job: JobId) -> list[str]:
    """The generators that the job's file names, by name."""
    return list(tx.scalars(GENERATORS, {"job": job}))


def generator_matches(tx: Connection, job: JobId) -> tuple[list[str], GeneratorMatches]:
    """The job's generators by name, and its matches so far between them."""
    tournaments, firsts, seconds, winners = read_columns(tx, MATCHES, {"job": job}, _CELLS)
    return _named(tx, job, GeneratorMatches(tournaments, firsts, seconds, winners))


def soft_generator_matches(
    tx: Connection, job: JobId, each: int
) -> tuple[list[str], GeneratorMatches]:
    """The same with each match's score by the mean probability of its votes.

    Of a jury, whose judges have `each` votes, by the mean of its judges' means.
    """
    tournaments, firsts, seconds, winners, scores, votes, probable = read_columns(
        tx, SOFT_MATCHES, {"job": job, "each": each}, (*_CELLS, NUMBER, BIGINT, BIGINT)
    )
    counted = SoftVotes(int(votes.sum()), int(probable.sum()))
    matches = GeneratorMatches(tournaments, firsts, seconds, winners, scores, counted)
    return _named(tx, job, matches)


def _named(
    tx: Connection, job: JobId, matches: GeneratorMatches
) -> tuple[list[str], GeneratorMatches]:
    """The generators, and the matches with their places instead of the candidates' numbers."""
    generators = job_generators(tx, job)
    tournaments, numbers, places = read_columns(tx, PLACES, {"job": job}, (BIGINT, INTEGER, BIGINT))
    rows, ones, others = join_candidates(
        matches.tournaments, matches.firsts, matches.seconds, (tournaments, numbers)
    )
    return generators, replace(matches.where(rows), firsts=places[ones], seconds=places[others])
