"""What is written of tournaments that are judged while their answers still arrive."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from rrm_queue.domain import Candidate, CandidateNumber, JobId, TournamentId
from rrm_queue.store.connection import Connection, text

BEGIN_GATHERING = text("""
    UPDATE tournaments SET state = 'gathering'
    WHERE id = ANY(CAST(:tournaments AS bigint[])) AND state = 'waiting'
""")

GATHERED = text("""
    SELECT tournament_id, key, text, generator, gold FROM candidates
    WHERE tournament_id = ANY(CAST(:tournaments AS bigint[]))
    ORDER BY tournament_id, number
""")

ADD_CANDIDATES = text("""
    WITH added AS (
        INSERT INTO candidates (tournament_id, number, key, text, gold)
        SELECT * FROM unnest(
            CAST(:tournament AS bigint[]), CAST(:number AS int[]), CAST(:key AS text[]),
            CAST(:text AS text[]), CAST(:gold AS float8[])
        )
        RETURNING tournament_id
    )
    UPDATE tournaments t SET size = size + a.count
    FROM (SELECT tournament_id, count(*) AS count FROM added GROUP BY 1) AS a
    WHERE t.id = a.tournament_id
""")

RENAME_CANDIDATES = text("""
    UPDATE candidates c SET key = r.key
    FROM unnest(CAST(:tournament AS bigint[]), CAST(:number AS int[]), CAST(:key AS text[]))
         AS r (tournament_id, number, key)
    WHERE c.tournament_id = r.tournament_id AND c.number = r.number
""")

END_GATHERING = text("""
    UPDATE tournaments SET state = 'running'
    WHERE id = ANY(CAST(:tournaments AS bigint[])) AND state = 'gathering'
""")

# A coordinator of the version before does not know the state: it cancels what comes back to it.
READY_AGAIN = text("""
    UPDATE matches SET state = 'ready'
    WHERE tournament_id = ANY(CAST(:tournaments AS bigint[])) AND state = 'cancelled'
""")

COUNT_CANDIDATES = text("""
    UPDATE jobs SET candidates = candidates + :candidates WHERE id = :job
    RETURNING pg_notify('rrmq_work', id)
""")

LOCK_JOBS = text("""
    SELECT 1 FROM jobs WHERE id = ANY(CAST(:jobs AS text[])) ORDER BY id FOR NO KEY UPDATE
""")

Numbered = tuple[TournamentId, CandidateNumber, Candidate]


def begin_gathering(tx: Connection, tournaments: Sequence[TournamentId]) -> None:
    """Lets tournaments that this transaction added be judged while answers are added to them."""
    tx.execute(BEGIN_GATHERING, {"tournaments": list(tournaments)})


def gathered(
    tx: Connection, tournaments: Iterable[TournamentId]
) -> Mapping[TournamentId, list[Candidate]]:
    """The candidates of these tournaments, by number."""
    found: dict[TournamentId, list[Candidate]] = defaultdict(list)
    for row in tx.execute(GATHERED, {"tournaments": list(tournaments)}):
        found[row.tournament_id].append(Candidate(row.key, row.text, row.generator, row.gold))
    return found


def add_candidates(tx: Connection, new: Sequence[Numbered]) -> None:
    """Adds candidates to locked tournaments."""
    if new:
        tx.execute(
            ADD_CANDIDATES,
            {
                "tournament": [tournament for tournament, _, _ in new],
                "number": [number for _, number, _ in new],
                "key": [one.key for _, _, one in new],
                "text": [one.text for _, _, one in new],
                "gold": [one.gold for _, _, one in new],
            },
        )


def rename_candidates(
    tx: Connection, keys: Sequence[tuple[TournamentId, CandidateNumber, str]]
) -> None:
    """Gives candidates of locked tournaments other keys."""
    if keys:
        tx.execute(
            RENAME_CANDIDATES,
            {
                "tournament": [tournament for tournament, _, _ in keys],
                "number": [number for _, number, _ in keys],
                "key": [key for _, _, key in keys],
            },
        )


def end_gathering(tx: Connection, tournaments: Sequence[TournamentId]) -> None:
    """Lets locked tournaments that gather run: no more answers are added."""
    bind = {"tournaments": list(tournaments)}
    tx.execute(END_GATHERING, bind)
    tx.execute(READY_AGAIN, bind)


def lock_jobs(tx: Connection, jobs: Iterable[JobId]) -> None:
    """Locks several jobs in the order of their ids, so that they may be counted in any order."""
    ids = list(jobs)
    if len(ids) > 1:
        tx.execute(LOCK_JOBS, {"jobs": ids})


def count_candidates(tx: Connection, job: JobId, candidates: int) -> None:
    """Counts candidates that were added to the job, and tells coordinators of their matches."""
    tx.execute(COUNT_CANDIDATES, {"job": job, "candidates": candidates})
