"""What the comparison of two jobs reads: matches by the content of what they compare."""

from collections.abc import Iterator, Sequence

import numpy as np

from rrm_queue.columns import MatchesByContent
from rrm_queue.domain import JobId, MatchId
from rrm_queue.store.binary_columns import (
    BIGINT,
    INTEGER,
    NUMBER,
    SMALLINT_CODE,
    read_columns,
)
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.joins import join, join_candidates
from rrm_queue.store.rows import read_rows
from rrm_queue.views.matches import PlacedMatch

# Eight bytes of a hash are sent as eight bytes are: as a whole number of that size.
PROMPTS = """
    COPY (
        SELECT id, substr(sha256(convert_to(prompt, 'UTF8')), 1, 8)
        FROM tournaments WHERE job_id = %(job)s ORDER BY id
    ) TO STDOUT (FORMAT binary)
"""

ANSWERS = """
    COPY (
        WITH named AS MATERIALIZED (
            SELECT generator, place FROM unnest(CAST(%(generators)s AS text[]))
                WITH ORDINALITY AS g (generator, place)
        )
        SELECT c.tournament_id, c.number, substr(sha256(convert_to(c.text, 'UTF8')), 1, 8),
               coalesce(n.place::int - 1, -1)
        FROM tournaments t JOIN candidates c ON c.tournament_id = t.id
        LEFT JOIN named n USING (generator)
        WHERE t.job_id = %(job)s
    ) TO STDOUT (FORMAT binary)
"""

# Only what the judge decided: nothing is to be learnt about it from a match that it did not judge.
MATCHES = """
    COPY (
        SELECT m.id, m.tournament_id, m.first, m.second,
               CASE WHEN m.winner IS NULL OR m.decided_by = 'coin' THEN 0
                    WHEN m.winner = m.first THEN 1 ELSE 2 END::smallint,
               count(*) FILTER (WHERE v.verdict IN ('first', 'second')
                                  AND (v.verdict = 'first') <> v.swapped),
               count(*) FILTER (WHERE v.verdict IN ('first', 'second')
                                  AND (v.verdict = 'second') <> v.swapped),
               count(*) FILTER (WHERE v.verdict = 'tie'),
               count(v.number), coalesce(sum(v.prompt_tokens), 0)::bigint,
               coalesce(sum(v.cached_tokens), 0)::bigint,
               coalesce(sum(v.completion_tokens), 0)::bigint,
               coalesce(sum(v.seconds), 0)::float8
        FROM tournaments t
        JOIN matches m ON m.tournament_id = t.id
        LEFT JOIN votes v ON v.match_id = m.id
        WHERE t.job_id = %(job)s AND m.state = 'done' AND m.decided_by IN ('votes', 'coin')
        GROUP BY m.id
    ) TO STDOUT (FORMAT binary)
"""

PLACED = text("""
    SELECT m.id, t.key AS tournament, t.prompt, m.round, m.slot, m.winner, m.decided_by,
           m.first, m.second, one.key AS first_key, two.key AS second_key,
           one.text AS first_text, two.text AS second_text
    FROM matches m JOIN tournaments t ON t.id = m.tournament_id
    JOIN candidates one ON one.tournament_id = m.tournament_id AND one.number = m.first
    JOIN candidates two ON two.tournament_id = m.tournament_id AND two.number = m.second
    WHERE m.id = ANY(CAST(:matches AS bigint[]))
""")

HASH = BIGINT


def matches_by_content(tx: Connection, job: JobId, generators: Sequence[str]) -> MatchesByContent:
    """The job's matches that its judge decided so far; `generators` are the names of places.

    In the order of the file's rows and of their candidates, however the results arrived.
    No statement joins matches with answers, so that the planner cannot misjudge the size of it.
    """
    cells = (BIGINT, BIGINT, INTEGER, INTEGER, SMALLINT_CODE, *(BIGINT,) * 7, NUMBER)
    ids, owners, first, second, winners, *sums = read_columns(tx, MATCHES, {"job": job}, cells)
    named = {"job": job, "generators": list(generators)}
    *candidates, texts, places = read_columns(tx, ANSWERS, named, (BIGINT, INTEGER, HASH, INTEGER))
    rows, ones, twos = join_candidates(owners, first, second, candidates)
    tournaments, prompts = read_columns(tx, PROMPTS, {"job": job}, (BIGINT, HASH))
    kept, prompt = join((owners[rows],), (tournaments,))
    rows, ones, twos = rows[kept], ones[kept], twos[kept]
    # The ids follow the order in which results arrived, which differs from run to run.
    order = np.lexsort((ids[rows], second[rows], first[rows], owners[rows]))
    rows, ones, twos, prompt = rows[order], ones[order], twos[order], prompt[order]
    return MatchesByContent(
        ids[rows], prompts[prompt], texts[ones], texts[twos], (first > second)[rows],
        places[ones], places[twos], winners[rows], *(each[rows] for each in sums),
    )  # fmt: skip


def placed_matches(tx: Connection, matches: Sequence[MatchId]) -> Iterator[PlacedMatch]:
    """These matches with their texts, in any order."""
    return read_rows(PlacedMatch, tx.execute(PLACED, {"matches": list(matches)}))
