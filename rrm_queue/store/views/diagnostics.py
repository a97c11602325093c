"""What the diagnostics of a judge read: a job's votes, matches and labels in columns."""

import numpy as np

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
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.joins import join, join_candidates

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
MATCHES = """
    COPY (
        SELECT m.id, m.tournament_id, m.first, m.second,
               CASE WHEN m.winner IS NULL OR m.decided_by = 'coin' THEN 0
                    WHEN m.winner = m.first THEN 1 ELSE 2 END::smallint,
               m.decided_by = 'coin'
        FROM tournaments t
        JOIN matches m ON m.tournament_id = t.id
        WHERE t.job_id = %(job)s AND m.state = 'done' AND m.decided_by IN ('votes', 'coin')
    ) TO STDOUT (FORMAT binary)
"""

LENGTHS = """
    COPY (
        SELECT c.tournament_id, c.number, char_length(c.text)
        FROM tournaments t JOIN candidates c ON c.tournament_id = t.id
        WHERE t.job_id = %(job)s
    ) TO STDOUT (FORMAT binary)
"""

LABELS = """
    COPY (
        WITH subsets AS MATERIALIZED (
            SELECT subset, place FROM unnest(CAST(%(subsets)s AS text[]))
                WITH ORDINALITY AS s (subset, place)
        )
        SELECT t.id, CAST(p ->> 'first' AS int), CAST(p ->> 'second' AS int),
               array_position(CAST(%(labels)s AS text[]), p ->> 'label') - 1,
               coalesce(s.place::int, 0) - 1
        FROM tournaments t LEFT JOIN subsets s ON s.subset = t.subset,
             jsonb_array_elements(t.pairs) AS p
        WHERE t.job_id = %(job)s AND p ->> 'label' IS NOT NULL
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
    cells = (BIGINT, BIGINT, INTEGER, INTEGER, SMALLINT_CODE, FLAG)
    ids, tournaments, firsts, seconds, winners, coins = read_columns(
        tx, MATCHES, {"job": job}, cells
    )
    *candidates, lengths = read_columns(tx, LENGTHS, {"job": job}, (BIGINT, INTEGER, LENGTH))
    rows, ones, others = join_candidates(tournaments, firsts, seconds, candidates)
    return DecidedMatches(
        ids[rows],
        tournaments[rows],
        firsts[rows],
        seconds[rows],
        winners[rows],
        coins[rows],
        lengths[ones],
        lengths[others],
    )


def labelled_matches(tx: Connection, job: JobId, matches: DecidedMatches) -> LabelledMatches:
    """The labels that the job's file gives for pairs, by their decided `matches`."""
    subsets = list(tx.scalars(SUBSETS, {"job": job}))
    tournaments, firsts, seconds, labels, parts = read_columns(
        tx,
        LABELS,
        {"job": job, "labels": VERDICTS, "subsets": subsets},
        (BIGINT, INTEGER, INTEGER, INTEGER_CODE, INTEGER),
    )
    # A label belongs to a pair of the file; its match may have the two candidates in either order.
    pairs, own = (
        (of, np.minimum(one, two), np.maximum(one, two))
        for of, one, two in (
            (tournaments, firsts, seconds),
            (matches.tournaments, matches.firsts, matches.seconds),
        )
    )
    rows, played = join(pairs, own)
    turned = matches.firsts[played] != firsts[rows]
    return LabelledMatches(subsets, matches.matches[played], labels[rows], turned, parts[rows])
