"""A job's results: standings tournament by tournament, and single tournaments."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rrm_queue.domain import ChampionBy, JobId, Result, Standing, TournamentId, TournamentState
from rrm_queue.errors import TournamentNotFound
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.rows import read_rows, row_reader
from rrm_queue.store.views.champions import CHAMPION_BY, FINAL_VOTES
from rrm_queue.text import did_you_mean
from rrm_queue.views.tournaments import (
    FinalVotes,
    RankedCandidate,
    TournamentOutcomes,
    TournamentResult,
    TournamentView,
)

STANDING = "s.candidate, s.rank, s.wins, s.losses, s.draws, s.elo, s.bt"
"""The columns of a `Standing`."""

# Tournaments in the file's order; one that failed or is not finished comes with no standings.
STANDINGS = text(f"""
    SELECT t.id, t.key, t.state, t.error, t.champion, c.key AS candidate_key, c.generator,
           {STANDING}, CASE WHEN s.candidate = t.champion THEN {CHAMPION_BY} END AS decided_by,
           CASE WHEN s.candidate = t.champion AND :finals THEN {FINAL_VOTES} END AS final
    FROM tournaments t
    LEFT JOIN standings s ON s.tournament_id = t.id
    LEFT JOIN candidates c ON c.tournament_id = t.id AND c.number = s.candidate
    WHERE t.job_id = :job AND (CAST(:key AS text) IS NULL OR t.key = :key)
    ORDER BY t.id, s.rank, (s.candidate = t.champion) DESC, s.candidate
""")

SHORT = "size, seed, state, champion, error, planned"
"""The columns of a `TournamentView` that hold no long text."""

FIND_TOURNAMENT = text(f"""
    SELECT id, key, prompt, reference, {SHORT} FROM tournaments
    WHERE job_id = :job AND (CAST(:key AS text) IS NULL OR key = :key)
    ORDER BY id LIMIT 1
""")

# To suggest the one that was meant.
FIRST_TOURNAMENTS = text("""
    SELECT key FROM tournaments WHERE job_id = :job ORDER BY id LIMIT 1000
""")

# Of prompts and references only the beginnings, as several are in memory at a time.
READ_TOURNAMENTS = text(f"""
    SELECT id, key, left(prompt, :longest) AS prompt, left(reference, :longest) AS reference,
           {SHORT}
    FROM tournaments WHERE id = ANY(CAST(:tournaments AS bigint[]))
""")

CANDIDATE_NAMES = text("""
    SELECT key, generator FROM candidates WHERE tournament_id = :tournament ORDER BY number
""")

# As the coordinator counts them for the standings: a coin says nothing about either answer.
RESULTS = text("""
    SELECT m.first, m.second,
           CASE WHEN m.decided_by NOT IN ('coin', 'equal') THEN m.winner END AS winner
    FROM tournaments t JOIN matches m ON m.tournament_id = t.id
    WHERE t.job_id = :job AND t.key = :key AND m.state = 'done'
""")

SLICE = 1000  # rows that a cursor brings at once


def job_results(
    tx: Connection, job: JobId, key: str | None = None, *, finals: bool = False
) -> Iterator[TournamentResult]:
    """The job's tournaments in the file's order, or the one called `key`.

    Streamed: one tournament is in memory at a time. `finals` adds the votes of their last matches.
    """
    rows = tx.stream(STANDINGS, {"job": job, "key": key, "finals": finals}, SLICE)
    standing = row_reader(Standing, rows)
    for _, group in groupby(rows, key=lambda row: row.id):
        lines = list(group)
        head = lines[0]
        standings = [
            RankedCandidate(row.candidate_key, row.generator, standing(row))
            for row in lines
            if row.candidate is not None
        ]
        by = head.decided_by and ChampionBy(head.decided_by)
        final = head.final and FinalVotes(*head.final)
        state = TournamentState(head.state)
        yield TournamentResult(head.key, state, head.error, standings, by, final)


def find_tournament(tx: Connection, job: JobId, key: str | None) -> TournamentView:
    """The job's tournament `key`, or its first. Raises TournamentNotFound."""
    rows = tx.execute(FIND_TOURNAMENT, {"job": job, "key": key})
    for tournament in read_rows(TournamentView, rows):
        return tournament
    if key is None:
        raise TournamentNotFound(f"job {job} has none")
    first = tx.scalars(FIRST_TOURNAMENTS, {"job": job}).all()
    raise TournamentNotFound(f"job {job} has no '{key}'{did_you_mean(key, first)}")


def read_tournaments(
    tx: Connection, tournaments: Sequence[TournamentId], *, longest: int
) -> dict[TournamentId, TournamentView]:
    """These tournaments, with so many characters of each prompt and reference."""
    wanted = {"tournaments": list(tournaments), "longest": longest}
    views = read_rows(TournamentView, tx.execute(READ_TOURNAMENTS, wanted))
    return {view.id: view for view in views}


def candidate_keys(tx: Connection, tournament: TournamentId) -> list[str]:
    """The candidates' keys by number."""
    return [row.key for row in tx.execute(CANDIDATE_NAMES, {"tournament": tournament})]


def candidate_names(tx: Connection, tournament: TournamentId) -> list[str]:
    """The candidates' names by number; see `names_of`."""
    rows = tx.execute(CANDIDATE_NAMES, {"tournament": tournament})
    return names_of([(row.key, row.generator) for row in rows])


def names_of(candidates: Sequence[tuple[str, str | None]]) -> list[str]:
    """The generators of candidates with a key and a generator, or the keys where those fail.

    They fail where they are missing or repeat. A generator tells a reader more than a key does.
    """
    generators = [generator for _, generator in candidates if generator]
    distinct = len(set(generators)) == len(candidates)
    return generators if distinct else [key for key, _ in candidates]


def tournament_outcomes(tx: Connection, job: JobId, key: str) -> TournamentOutcomes:
    """The results of the job's tournament of this key. Raises TournamentNotFound."""
    found = find_tournament(tx, job, key)
    rows = tx.execute(RESULTS, {"job": job, "key": key})
    return TournamentOutcomes(found.size, found.seed, list(read_rows(Result, rows)))
