"""What the audit reads of the store: one tournament's rows at a time, and sums."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chaos.given import GivenJob, GivenTournament
from rrm_queue.domain import DecidedBy, Outcome, Verdict, Vote
from rrm_queue.store.connection import Connection, Row, text

_AT_ONCE = 64  # tournaments held in memory

JOB = text("SELECT * FROM jobs WHERE id = :job")

TOURNAMENTS = text("""
    SELECT id, key, line, prompt, size, seed, state, planned, decided, champion, error
    FROM tournaments WHERE job_id = :job ORDER BY id
""")

CANDIDATES = text("""
    SELECT tournament_id, number, text FROM candidates
    WHERE tournament_id = ANY(:tournaments) ORDER BY tournament_id, number
""")

MATCHES = text("""
    SELECT tournament_id, id, round, slot, first, second, state, attempt, winner, decided_by, error
    FROM matches WHERE tournament_id = ANY(:tournaments) ORDER BY tournament_id, round, slot
""")

VOTES = text("""
    SELECT m.tournament_id, v.match_id, v.number, v.swapped, v.verdict, v.seed, v.samples,
           v.prompt_tokens, v.cached_tokens, v.completion_tokens
    FROM votes v JOIN matches m ON m.id = v.match_id
    WHERE m.tournament_id = ANY(:tournaments) ORDER BY v.match_id, v.number
""")

STANDINGS = text("""
    SELECT tournament_id, candidate, rank, wins, losses, draws, elo, bt
    FROM standings WHERE tournament_id = ANY(:tournaments) ORDER BY tournament_id, candidate
""")

# What the job's counters must say, from the rows themselves.
COUNTED = text("""
    WITH of_matches AS (
        SELECT count(*) FILTER (WHERE state = 'done') AS matches_done,
               count(*) FILTER (WHERE state = 'failed') AS matches_failed
        FROM matches WHERE job_id = :job
    ), of_votes AS (
        SELECT count(*) AS votes, coalesce(sum(prompt_tokens), 0) AS prompt_tokens,
               coalesce(sum(cached_tokens), 0) AS cached_tokens,
               coalesce(sum(completion_tokens), 0) AS completion_tokens
        FROM votes WHERE match_id IN (SELECT id FROM matches WHERE job_id = :job)
    ), of_tournaments AS (
        SELECT count(*) AS tournaments,
               count(*) FILTER (WHERE state = 'done') AS tournaments_done,
               count(*) FILTER (WHERE state = 'failed') AS tournaments_failed,
               coalesce(sum(size), 0) AS candidates
        FROM tournaments WHERE job_id = :job
    )
    SELECT * FROM of_matches, of_votes, of_tournaments
""")

LEFT = text("""
    SELECT 'matches ' || state AS what, count(*) AS count FROM matches
    WHERE state IN ('ready', 'out') GROUP BY state
    UNION ALL
    SELECT 'batches out', count(*) FROM batches WHERE state = 'out' HAVING count(*) > 0
""")

ORPHANS = text("""
    SELECT 'tournaments' AS what, count(*) AS count FROM tournaments
    WHERE job_id <> ALL(:jobs) HAVING count(*) > 0
    UNION ALL
    SELECT 'jobs', count(*) FROM jobs WHERE id <> ALL(:jobs) HAVING count(*) > 0
    UNION ALL
    SELECT 'candidates', count(*) FROM candidates c
    WHERE NOT EXISTS (SELECT 1 FROM tournaments t WHERE t.id = c.tournament_id)
    HAVING count(*) > 0
""")


@dataclass(frozen=True, slots=True)
class Stored:
    """A tournament's rows."""

    row: Row
    texts: tuple[str, ...]
    matches: Sequence[Row]
    votes: Mapping[int, Sequence[Vote]]
    standings: Sequence[Row]


def tournaments(
    store: Connection, job: str, given: GivenJob
) -> Iterator[tuple[GivenTournament, Stored | None]]:
    """Each given tournament with its rows, None where the store has none of it."""
    by_key = {row.key: row for row in store.execute(TOURNAMENTS, {"job": job})}
    for start in range(0, len(given.tournaments), _AT_ONCE):
        chunk = given.tournaments[start : start + _AT_ONCE]
        rows = {t.key: by_key[t.key] for t in chunk if t.key in by_key}
        ids = {"tournaments": [row.id for row in rows.values()]}
        texts = _grouped(store.execute(CANDIDATES, ids))
        matches = _grouped(store.execute(MATCHES, ids))
        votes: dict[int, list[Vote]] = defaultdict(list)
        for row in store.execute(VOTES, ids):
            votes[row.match_id].append(_vote(row))
        standings = _grouped(store.execute(STANDINGS, ids))
        for tournament in chunk:
            found = rows.get(tournament.key)
            if found is None:
                yield tournament, None
                continue
            answers = tuple(row.text for row in texts[found.id])
            lines = standings[found.id]
            yield tournament, Stored(found, answers, matches[found.id], votes, lines)


def _grouped(rows: Iterable[Row]) -> Mapping[int, Sequence[Row]]:
    grouped: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row.tournament_id].append(row)
    return grouped


def _vote(row: Row) -> Vote:
    return Vote(
        row.number,
        Verdict(row.verdict),
        swapped=row.swapped,
        seed=row.seed,
        samples=row.samples,
        prompt_tokens=row.prompt_tokens,
        cached_tokens=row.cached_tokens,
        completion_tokens=row.completion_tokens,
    )


def outcome(row: Row) -> Outcome:
    """How the match of this row ended."""
    return Outcome(row.winner, DecidedBy(row.decided_by or DecidedBy.VOTES))
