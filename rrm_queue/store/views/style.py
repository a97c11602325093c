"""What a leaderboard with control for style reads: the style of each answer, and its matches."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from rrm_queue.columns import GeneratorMatches, Numbers
from rrm_queue.domain import JobId
from rrm_queue.store.binary_columns import BIGINT, INTEGER, SMALLINT_CODE, read_columns
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.joins import join_candidates
from rrm_queue.store.views.outcomes import MATCHES, PLACES, job_generators

ROWS = 500  # answers that a cursor brings at once

TEXTS = text("""
    SELECT c.tournament_id, c.number, c.text
    FROM tournaments t JOIN candidates c ON c.tournament_id = t.id
    WHERE t.job_id = :job
""")

SUBSETS = text("SELECT id, subset FROM tournaments WHERE job_id = :job AND subset IS NOT NULL")

StyleOf = Callable[[str], Sequence[int]]


def styled_matches(
    tx: Connection, job: JobId, style: StyleOf
) -> tuple[list[str], GeneratorMatches, Numbers, Numbers]:
    """The generators, the matches of `generator_matches`, and the style of both answers of each.

    A row of the two arrays is a match, a column a number of `style`. Each text is read once and not
    kept.
    """
    cells = (BIGINT, INTEGER, INTEGER, SMALLINT_CODE)
    tournaments, firsts, seconds, winners = read_columns(tx, MATCHES, {"job": job}, cells)
    *owners, places = read_columns(tx, PLACES, {"job": job}, (BIGINT, INTEGER, BIGINT))
    styles = np.array(list(_styles(tx, job, style)), np.int64).reshape(-1, 2 + len(style("")))
    rows, ones, twos = join_candidates(tournaments, firsts, seconds, owners)
    kept, first, second = join_candidates(
        tournaments[rows], firsts[rows], seconds[rows], (styles[:, 0], styles[:, 1])
    )
    rows, ones, twos = rows[kept], ones[kept], twos[kept]
    matches = GeneratorMatches(tournaments[rows], places[ones], places[twos], winners[rows])
    counts = styles[:, 2:].astype(np.float64)
    return job_generators(tx, job), matches, counts[first], counts[second]


def tournament_subsets(tx: Connection, job: JobId) -> dict[int, str]:
    """The subset of each tournament that belongs to one, by the tournament's id."""
    return {row.id: row.subset for row in tx.execute(SUBSETS, {"job": job})}


def _styles(tx: Connection, job: JobId, style: StyleOf) -> Iterator[tuple[int, ...]]:
    """Tournament, number and style of each answer."""
    for row in tx.stream(TEXTS, {"job": job}, ROWS):
        yield (row.tournament_id, row.number, *style(row.text))
