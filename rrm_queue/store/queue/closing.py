"""What the coordinator's `plan` reads and writes when tournaments end, done or failed."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from rrm_queue.domain import Standing, TournamentId
from rrm_queue.store.binary_columns import BIGINT, INTEGER, read_columns
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.database import storable
from rrm_queue.store.listening import Channel, tell

RESULTS = """
    COPY (
        SELECT tournament_id, first, second,
               CASE WHEN decided_by IN ('equal', 'coin') THEN -1 ELSE coalesce(winner, -1) END
        FROM matches
        WHERE tournament_id = ANY(CAST(%(tournaments)s AS bigint[])) AND state = 'done'
        ORDER BY tournament_id
    ) TO STDOUT (FORMAT binary)
"""

INSERT_STANDINGS = text("""
    INSERT INTO standings (tournament_id, candidate, rank, wins, losses, draws, elo, bt)
    SELECT * FROM unnest(
        CAST(:tournament AS bigint[]), CAST(:candidate AS int[]), CAST(:rank AS int[]),
        CAST(:wins AS int[]), CAST(:losses AS int[]), CAST(:draws AS int[]),
        CAST(:elo AS float8[]), CAST(:bt AS float8[])
    )
""")

FINISH_TOURNAMENTS = text("""
    UPDATE tournaments t SET state = 'done', champion = f.champion, finished_at = now()
    FROM unnest(CAST(:tournament AS bigint[]), CAST(:champion AS int[])) AS f (id, champion)
    WHERE t.id = f.id
""")

FAIL_TOURNAMENTS = text("""
    UPDATE tournaments t SET state = 'failed', error = f.error, finished_at = now()
    FROM unnest(CAST(:tournament AS bigint[]), CAST(:error AS text[])) AS f (id, error)
    WHERE t.id = f.id AND t.state IN ('running', 'gathering')
    RETURNING t.id
""")

# What is out already is paid for: its outcome is kept when it comes.
CANCEL_READY = text("""
    UPDATE matches SET state = 'cancelled'
    WHERE tournament_id = ANY(CAST(:tournaments AS bigint[])) AND state = 'ready'
""")


NOTE_DECIDED = text("""
    INSERT INTO decided_tournaments (tournament_id)
    SELECT unnest(CAST(:tournaments AS bigint[]))
    ON CONFLICT DO NOTHING
""")

# One of several coordinators closes it; a tournament that failed, or whose job was cancelled
# meanwhile, is not closed at all.
TAKE_DECIDED = text("""
    WITH taken AS (
        DELETE FROM decided_tournaments WHERE tournament_id = :tournament RETURNING tournament_id
    )
    SELECT t.id FROM tournaments t JOIN jobs j ON j.id = t.job_id
    WHERE t.id IN (SELECT tournament_id FROM taken)
      AND t.state = 'running' AND j.state <> 'cancelled'
    FOR UPDATE OF t
""")


def note_decided(tx: Connection, tournaments: Sequence[TournamentId]) -> None:
    """Notes that the standings of tournaments are to be computed."""
    if tournaments:
        tx.execute(NOTE_DECIDED, {"tournaments": list(tournaments)})


def take_decided(tx: Connection, tournament: TournamentId) -> bool:
    """Whether a tournament is ours to close; it is locked then, and noted no more."""
    return tx.scalar(TAKE_DECIDED, {"tournament": tournament}) is not None


def results(
    tx: Connection, tournaments: Sequence[TournamentId]
) -> dict[TournamentId, NDArray[np.int64]]:
    """The decided matches of these tournaments as rows: first, second, winner or -1 for a draw.

    Equal texts, and answers of which a coin chose one, have drawn, also where one of them went on
    in a bracket.

    By COPY: of 2,000 candidates two million matches come in seconds.
    """
    if not tournaments:
        return {}
    types = (BIGINT, INTEGER, INTEGER, INTEGER)
    ids, *cells = read_columns(tx, RESULTS, {"tournaments": list(tournaments)}, types)
    rows = np.stack(cells, axis=1)
    found, starts = np.unique(ids, return_index=True)
    parts = np.split(rows, starts[1:])
    decided = dict(zip(found.tolist(), parts, strict=len(found) > 0))
    return {id_: decided.get(id_, rows[:0]) for id_ in tournaments}


def finish_tournaments(
    tx: Connection, finished: Sequence[tuple[TournamentId, Sequence[Standing]]]
) -> None:
    """Closes tournaments with their standings; the first standing is the champion's."""
    lines = [(tournament, s) for tournament, standings in finished for s in standings]
    tx.execute(
        INSERT_STANDINGS,
        {
            "tournament": [tournament for tournament, _ in lines],
            "candidate": [s.candidate for _, s in lines],
            "rank": [s.rank for _, s in lines],
            "wins": [s.wins for _, s in lines],
            "losses": [s.losses for _, s in lines],
            "draws": [s.draws for _, s in lines],
            "elo": [s.elo for _, s in lines],
            "bt": [s.bt for _, s in lines],
        },
    )
    tx.execute(
        FINISH_TOURNAMENTS,
        {
            "tournament": [tournament for tournament, _ in finished],
            "champion": [standings[0].candidate for _, standings in finished],
        },
    )
    tell(tx, Channel.TOURNAMENTS, [tournament for tournament, _ in finished])


def fail_tournaments(
    tx: Connection, failed: Sequence[tuple[TournamentId, str]]
) -> set[TournamentId]:
    """Fails tournaments, each with a reason; those that were not over until now."""
    ids: set[TournamentId] = set(
        tx.scalars(
            FAIL_TOURNAMENTS,
            {
                "tournament": [id_ for id_, _ in failed],
                "error": [storable(error) for _, error in failed],
            },
        )
    )
    cancel_ready(tx, ids)
    tell(tx, Channel.TOURNAMENTS, sorted(ids))
    return ids


def cancel_ready(tx: Connection, tournaments: Iterable[TournamentId]) -> None:
    """Cancels the matches of failed tournaments that are not out."""
    tx.execute(CANCEL_READY, {"tournaments": list(tournaments)})
