"""Results as their users read them: standings tournament by tournament, and one bracket."""

from collections.abc import Iterator
from itertools import groupby

from sqlalchemy import Connection, text

from rrm_queue.domain import (
    JobId,
    MatchState,
    Standing,
    TournamentId,
    TournamentState,
)
from rrm_queue.errors import TournamentNotFound
from rrm_queue.views import MatchView, RankedCandidate, TournamentResult, TournamentView

# Tournaments in the file's order; a failed or unfinished one comes with no standings.
STANDINGS = text("""
    SELECT t.id, t.key, t.state, t.error, t.champion, c.key AS candidate_key, c.generator,
           s.candidate, s.rank, s.wins, s.losses, s.draws, s.elo, s.bt
    FROM tournaments t
    LEFT JOIN standings s ON s.tournament_id = t.id
    LEFT JOIN candidates c ON c.tournament_id = t.id AND c.number = s.candidate
    WHERE t.job_id = :job AND (CAST(:key AS text) IS NULL OR t.key = :key)
    ORDER BY t.id, s.rank, (s.candidate = t.champion) DESC, s.candidate
""")

FIND_TOURNAMENT = text("""
    SELECT id, key, size, seed, state, champion, error
    FROM tournaments
    WHERE job_id = :job AND (CAST(:key AS text) IS NULL OR key = :key)
    ORDER BY id LIMIT 1
""")

CANDIDATE_KEYS = text("""
    SELECT number, key FROM candidates WHERE tournament_id = :tournament ORDER BY number
""")

MATCHES = text("""
    SELECT m.round, m.slot, m.first, m.second, m.state, m.winner, m.decided_by,
           count(v.number) AS votes,
           count(v.number) FILTER (WHERE (v.verdict = 'first') <> v.swapped
                                     AND v.verdict IN ('first', 'second')) AS for_first,
           count(v.number) FILTER (WHERE (v.verdict = 'second') <> v.swapped
                                     AND v.verdict IN ('first', 'second')) AS for_second
    FROM matches m LEFT JOIN votes v ON v.match_id = m.id
    WHERE m.tournament_id = :tournament
    GROUP BY m.id
    ORDER BY m.round, m.slot
""")

SLICE = 1000  # rows that a cursor brings at once


def job_results(tx: Connection, job: JobId, key: str | None = None) -> Iterator[TournamentResult]:
    """The job's tournaments in the file's order, or the one called `key`.

    Streamed: no job is ever held in memory.
    """
    cursor = tx.execution_options(stream_results=True, yield_per=SLICE)
    rows = cursor.execute(STANDINGS, {"job": job, "key": key})
    for _, group in groupby(rows, key=lambda row: row.id):
        lines = list(group)
        head = lines[0]
        yield TournamentResult(
            head.key,
            TournamentState(head.state),
            head.error,
            [
                RankedCandidate(
                    row.candidate_key,
                    row.generator,
                    Standing(
                        row.candidate, row.rank, row.wins, row.losses, row.draws, row.elo, row.bt
                    ),
                )
                for row in lines
                if row.candidate is not None
            ],
        )


def find_tournament(tx: Connection, job: JobId, key: str | None) -> TournamentView:
    """The job's tournament `key`, or its first. Raises TournamentNotFound."""
    for row in tx.execute(FIND_TOURNAMENT, {"job": job, "key": key}):
        keys = tx.execute(CANDIDATE_KEYS, {"tournament": row.id})
        return TournamentView(
            row.id,
            row.key,
            row.seed,
            TournamentState(row.state),
            row.champion,
            row.error,
            [candidate.key for candidate in keys],
        )
    raise TournamentNotFound(f"job {job} has no '{key}'" if key else f"job {job} has none")


def tournament_matches(tx: Connection, tournament: TournamentId) -> list[MatchView]:
    """The tournament's matches with their votes, by round and slot."""
    return [
        MatchView(*row)._replace(state=MatchState(row.state))
        for row in tx.execute(MATCHES, {"tournament": tournament})
    ]
