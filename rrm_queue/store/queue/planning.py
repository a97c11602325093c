"""What the coordinator's `plan` and `record` read and write of tournaments."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from rrm_queue.domain import (
    CandidateNumber,
    DecidedBy,
    JobId,
    JobState,
    JudgeSpec,
    Outcome,
    Pairing,
    Position,
    Seeding,
    TournamentId,
    TournamentState,
    Voting,
)
from rrm_queue.errors import ForeignJob
from rrm_queue.log_once import log_once
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.queue.job_options import FOREIGN, job_options

log = logging.getLogger(__name__)

# A tournament's row lock serialises all that is decided about it, whichever coordinator does it.
# Only jobs that judge the file's own pairs read them; their labels are not for planning.
LOCK_TOURNAMENTS = text("""
    SELECT t.id, t.job_id, t.size, t.seed, t.state, t.planned, t.decided,
           j.state AS job_state, j.strategy, j.seeding, j.voting, j.judge, j.seed AS job_seed,
           CASE WHEN j.strategy = 'pairs' THEN t.pairs END AS pairs
    FROM tournaments t JOIN jobs j ON j.id = t.job_id
    WHERE t.id IN (SELECT m.tournament_id
                   FROM unnest(CAST(:matches AS bigint[]), CAST(:jobs AS text[])) AS w (match, job)
                   JOIN matches m ON m.id = w.match AND m.job_id = w.job)
    ORDER BY t.id
    FOR UPDATE OF t
""")

LOCK_BY_ID = text("""
    SELECT t.id, t.job_id, t.size, t.seed, t.state, t.planned, t.decided,
           j.state AS job_state, j.strategy, j.seeding, j.voting, j.judge, j.seed AS job_seed,
           CASE WHEN j.strategy = 'pairs' THEN t.pairs END AS pairs
    FROM tournaments t JOIN jobs j ON j.id = t.job_id
    WHERE t.id = ANY(CAST(:tournaments AS bigint[]))
    ORDER BY t.id
    FOR UPDATE OF t
""")

DECIDED_TOURNAMENTS = text("""
    SELECT t.id, t.job_id, t.size, t.seed, t.state, t.planned, t.decided,
           j.state AS job_state, j.strategy, j.seeding, j.voting, j.judge, j.seed AS job_seed,
           CASE WHEN j.strategy = 'pairs' THEN t.pairs END AS pairs
    FROM decided_tournaments d
    JOIN tournaments t ON t.id = d.tournament_id JOIN jobs j ON j.id = t.job_id
    ORDER BY t.id
    LIMIT :most
""")

# As an array: the server takes `next` for thousands of rows, and would read the whole table.
OPEN_TOURNAMENTS = text("""
    WITH next AS (
        SELECT t.id
        FROM unnest(CAST(:jobs AS text[]), CAST(:counts AS int[])) AS w (job, count)
        CROSS JOIN LATERAL (
            SELECT id FROM tournaments
            WHERE job_id = w.job AND state = 'waiting'
              AND EXISTS (SELECT 1 FROM jobs WHERE id = w.job AND state IN ('queued', 'running'))
            ORDER BY id LIMIT w.count
            FOR UPDATE SKIP LOCKED
        ) AS t
    )
    UPDATE tournaments t SET state = 'running'
    FROM jobs j
    WHERE t.id = ANY(ARRAY(SELECT id FROM next)) AND j.id = t.job_id
    RETURNING t.id, t.job_id, t.size, t.seed, t.state, t.planned, t.decided,
              j.state AS job_state, j.strategy, j.seeding, j.voting, j.judge,
              j.seed AS job_seed,
              CASE WHEN j.strategy = 'pairs' THEN t.pairs END AS pairs
""")

START_JOBS = text("""
    UPDATE jobs SET state = 'running', started_at = now()
    WHERE id = ANY(CAST(:jobs AS text[])) AND state = 'queued'
""")

PLAYED = text("""
    SELECT tournament_id, round, slot, first, second, winner,
           CASE WHEN state = 'done' THEN decided_by END AS decided_by
    FROM matches
    WHERE tournament_id = ANY(CAST(:tournaments AS bigint[]))
    ORDER BY tournament_id, round, slot
""")

INSERT_MATCHES = text("""
    WITH wanted AS (
        SELECT * FROM unnest(
            CAST(:tournament AS bigint[]), CAST(:round AS int[]), CAST(:slot AS int[]),
            CAST(:first AS int[]), CAST(:second AS int[]), CAST(:meeting AS int[])
        ) AS w (tournament_id, round, slot, first, second, meeting)
    ), added AS (
        INSERT INTO matches (job_id, tournament_id, round, slot, first, second, meeting)
        SELECT t.job_id, w.* FROM wanted w JOIN tournaments t ON t.id = w.tournament_id
        ON CONFLICT (tournament_id, round, slot) DO NOTHING
        RETURNING tournament_id
    )
    UPDATE tournaments t SET planned = planned + a.count
    FROM (SELECT tournament_id, count(*) AS count FROM added GROUP BY 1) AS a
    WHERE t.id = a.tournament_id
""")


class RunningTournament(NamedTuple):
    """A locked tournament with what planning needs of its job; `pairs` are the file's own."""

    id: TournamentId
    job: JobId
    size: int
    seed: int
    state: TournamentState
    planned: int
    decided: int
    job_state: JobState
    strategy: str
    seeding: Seeding
    voting: Voting
    judge: JudgeSpec
    job_seed: int
    pairs: tuple[tuple[CandidateNumber, CandidateNumber], ...] = ()


class Played(NamedTuple):
    """The planned matches of a tournament: None for one that is undecided, and their candidates."""

    matches: dict[Position, Outcome | None]
    pairs: dict[Position, tuple[CandidateNumber, CandidateNumber]]


def lock_tournaments(tx: Connection, matches: Mapping[int, JobId]) -> list[RunningTournament]:
    """The tournaments of these matches, each with its job, locked until the transaction ends.

    A match that is not of the job that it is said to be of is not looked at.
    """
    bind = {"matches": list(matches), "jobs": list(matches.values())}
    rows = tx.execute(LOCK_TOURNAMENTS, bind)
    return [_running(row) for row in rows]


def lock_by_id(tx: Connection, ids: Iterable[TournamentId]) -> list[RunningTournament]:
    """These tournaments, locked until the transaction ends."""
    return [_running(row) for row in tx.execute(LOCK_BY_ID, {"tournaments": list(ids)})]


def decided_tournaments(tx: Connection, most: int) -> list[RunningTournament]:
    """Tournaments whose standings are to be computed, and that this version understands."""
    found = []
    for row in tx.execute(DECIDED_TOURNAMENTS, {"most": most}):
        try:
            found.append(_running(row))
        except ForeignJob as error:
            log_once(log, logging.ERROR, FOREIGN, row.job_id, str(error))
    return found


def open_tournaments(tx: Connection, counts: Mapping[JobId, int]) -> list[RunningTournament]:
    """So many of each job's waiting tournaments, the next ones, now running and locked."""
    bind = {"jobs": list(counts), "counts": list(counts.values())}
    opened = [_running(row) for row in tx.execute(OPEN_TOURNAMENTS, bind)]
    return sorted(opened, key=lambda tournament: tournament.id)


def start_jobs(tx: Connection, jobs: Sequence[JobId]) -> None:
    """Notes that jobs have begun; late in a transaction, as every coordinator locks these rows."""
    if jobs:
        tx.execute(START_JOBS, {"jobs": list(jobs)})


def played(tx: Connection, tournaments: Sequence[TournamentId]) -> dict[TournamentId, Played]:
    """All planned matches of these tournaments, in order of position."""
    found: dict[TournamentId, Played] = defaultdict(lambda: Played({}, {}))
    for row in tx.execute(PLAYED, {"tournaments": list(tournaments)}):
        position, played_there = Position(row.round, row.slot), found[row.tournament_id]
        outcome = None if row.decided_by is None else _outcome(row.winner, row.decided_by)
        played_there.matches[position] = outcome
        played_there.pairs[position] = (row.first, row.second)
    return dict(found)


@lru_cache(maxsize=4096)  # a bracket is read anew with every match of it that is decided
def _outcome(winner: CandidateNumber | None, decided_by: str) -> Outcome:
    return Outcome(winner, DecidedBy(decided_by))


def insert_matches(tx: Connection, wanted: Iterable[tuple[TournamentId, Pairing]]) -> None:
    """Adds the matches that are not there yet and counts them as planned."""
    rows = list(wanted)
    if rows:
        tx.execute(
            INSERT_MATCHES,
            {
                "tournament": [tournament for tournament, _ in rows],
                "round": [pairing.position.round for _, pairing in rows],
                "slot": [pairing.position.slot for _, pairing in rows],
                "first": [pairing.first for _, pairing in rows],
                "second": [pairing.second for _, pairing in rows],
                "meeting": [pairing.meeting for _, pairing in rows],
            },
        )


def _running(row: Any) -> RunningTournament:
    """The tournament of a row; raises ForeignJob for what only another version understands."""
    try:
        return RunningTournament(
            id=row.id,
            job=row.job_id,
            size=row.size,
            seed=row.seed,
            state=TournamentState(row.state),
            planned=row.planned,
            decided=row.decided,
            job_state=JobState(row.job_state),
            strategy=row.strategy,
            seeding=Seeding(row.seeding),
            voting=job_options(row.voting, Voting),
            judge=job_options(row.judge, JudgeSpec),
            job_seed=row.job_seed,
            pairs=tuple((pair["first"], pair["second"]) for pair in row.pairs or ()),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise ForeignJob(str(error)) from error
