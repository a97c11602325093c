"""What the diagnostics of a judge read: a job's votes, matches and labels in columns."""

from sqlalchemy import Connection, text

from rrm_queue.columns import REASONS, DecidedMatches, LabelledMatches, Votes
from rrm_queue.domain import JobId
from rrm_queue.store.binary_columns import (
    BIGINT,
    FLAG,
    INTEGER,
    INTEGER_CODE,
    LENGTH,
    NUMBER,
    SMALLINT_CODE,
    read_columns,
)

# A verdict's place in VERDICTS is its number in the columns; one that is not there is -1.
VOTES = """
    COPY (
        SELECT v.match_id, v.number, v.swapped,
               coalesce(array_position(CAST(%(verdicts)s AS text[]), v.verdict::text), 0) - 1,
               coalesce(array_position(CAST(%(reasons)s AS text[]), v.no_verdict::text), 0) - 1,
               coalesce(v.probability, 'NaN')
        FROM tournaments t
        JOIN matches m ON m.tournament_id = t.id
        JOIN votes v ON v.match_id = m.id
        WHERE t.job_id = %(job)s
    ) TO STDOUT (FORMAT binary)
"""

# What the judge decided: nothing is to be learnt about it from a match that it did not judge.
# Each answer's length is taken once, not once a match.
MATCHES = """
    COPY (
        WITH candidates AS MATERIALIZED (
            SELECT c.tournament_id, c.number, char_length(c.text) AS length
            FROM tournaments t JOIN candidates c ON c.tournament_id = t.id
            WHERE t.job_id = %(job)s
        )
        SELECT m.id, m.tournament_id, m.first, m.second,
               CASE WHEN m.winner IS NULL OR m.decided_by = 'coin' THEN 0
                    WHEN m.winner = m.first THEN 1 ELSE 2 END::smallint,
               m.decided_by = 'coin', one.length, two.length
        FROM tournaments t
        JOIN matches m ON m.tournament_id = t.id
        JOIN candidates one ON one.tournament_id = m.tournament_id AND one.number = m.first
        JOIN candidates two ON two.tournament_id = m.tournament_id AND two.number = m.second
        WHERE t.job_id = %(job)s AND m.state = 'done' AND m.decided_by IN ('votes', 'coin')
    ) TO STDOUT (FORMAT binary)
"""

# A label belongs to a pair of the file; its match may have the two candidates in either order.
LABELLED = """
    COPY (
        WITH subsets AS MATERIALIZED (
            SELECT subset, place FROM unnest(CAST(%(subsets)s AS text[]))
                WITH ORDINALITY AS s (subset, place)
        ), labels AS MATERIALIZED (
            SELECT t.id, coalesce(s.place::int, 0) - 1 AS subset,
                   CAST(p ->> 'first' AS int) AS first, CAST(p ->> 'second' AS int) AS second,
                   array_position(CAST(%(labels)s AS text[]), p ->> 'label') - 1 AS label
            FROM tournaments t LEFT JOIN subsets s ON s.subset = t.subset,
                 jsonb_array_elements(t.pairs) AS p
            WHERE t.job_id = %(job)s AND p ->> 'label' IS NOT NULL
        )
        SELECT m.id, l.label, m.first <> l.first, l.subset
        FROM labels l
        JOIN matches m ON m.tournament_id = l.id AND m.state = 'done'
         AND m.decided_by IN ('votes', 'coin')
         AND least(m.first, m.second) = least(l.first, l.second)
         AND greatest(m.first, m.second) = greatest(l.first, l.second)
    ) TO STDOUT (FORMAT binary)
"""

SUBSETS = text("""
    SELECT DISTINCT subset FROM tournaments
    WHERE job_id = :job AND subset IS NOT NULL AND pairs IS NOT NULL ORDER BY subset
""")


VERDICTS = ["tie", "first", "second"]


def job_votes(tx: Connection, job: JobId) -> Votes:
    """All votes of the job so far."""
    words = {"verdicts": VERDICTS, "reasons": list(REASONS)}
    cells = (BIGINT, INTEGER, FLAG, INTEGER_CODE, INTEGER, NUMBER)
    return Votes(*read_columns(tx, VOTES, {"job": job, **words}, cells))


def decided_matches(tx: Connection, job: JobId) -> DecidedMatches:
    """All matches of the job that are decided so far."""
    cells = (BIGINT, BIGINT, INTEGER, INTEGER, SMALLINT_CODE, FLAG, LENGTH, LENGTH)
    return DecidedMatches(*read_columns(tx, MATCHES, {"job": job}, cells))


def labelled_matches(tx: Connection, job: JobId) -> LabelledMatches:
    """The labels that the job's file gives for pairs, by their decided matches."""
    subsets = list(tx.scalars(SUBSETS, {"job": job}))
    words = {"labels": VERDICTS, "subsets": subsets}
    cells = (BIGINT, INTEGER_CODE, FLAG, INTEGER)
    return LabelledMatches(subsets, *read_columns(tx, LABELLED, {"job": job, **words}, cells))
