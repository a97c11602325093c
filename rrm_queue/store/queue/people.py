"""What people who judge take and give back: leases of single matches, kept in the store alone."""

from typing import NamedTuple

from rrm_queue.domain import (
    BatchId,
    CandidateNumber,
    JobId,
    JudgeSpec,
    MatchId,
    MatchState,
    TournamentId,
    Verdict,
    Voting,
)
from rrm_queue.seeds import derive
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.queue.dispatching import ReadyMatch
from rrm_queue.store.queue.job_options import job_options
from rrm_queue.store.rows import read_rows

# One person takes a match of a job at a time; others wait for some milliseconds.
LOCK_JOB = text("SELECT pg_advisory_xact_lock(:number)")

JOB = text("""
    SELECT id, state, queue, judge, voting, seed FROM jobs WHERE id = :job
""")

FIND_LEASE = text("""
    SELECT b.id AS batch, b.job_id AS job, b.token, l.match_id AS match,
           m.tournament_id AS tournament, m.first, m.second, l.person, l.number, l.swapped,
           m.state AS match_state, m.batch_id AS match_batch, l.verdict,
           coalesce(l.seconds, extract(epoch FROM now() - l.taken_at)::float8) AS seconds
    FROM person_leases l
    JOIN batches b ON b.id = l.batch_id
    JOIN matches m ON m.id = l.match_id
    WHERE l.batch_id = :batch
""")

HELD = text("""
    SELECT b.id FROM batches b
    JOIN person_leases l ON l.batch_id = b.id
    JOIN matches m ON m.batch_id = b.id AND m.state = 'out'
    WHERE b.queue = :queue AND b.state = 'out' AND b.job_id = :job AND l.person = :person
      AND l.verdict IS NULL
    ORDER BY b.id
""")

EXPIRED = text("""
    SELECT b.id FROM batches b JOIN person_leases l ON l.batch_id = b.id
    WHERE b.queue = :queue AND b.state = 'out' AND b.job_id = :job AND l.deadline < now()
      AND l.verdict IS NULL
    ORDER BY b.id
""")

# A verdict that may be taken back. The match stays out meanwhile, so nobody else is given it.
HOLD_VERDICT = text("""
    UPDATE person_leases l
    SET verdict = :verdict, seconds = extract(epoch FROM now() - l.taken_at),
        deadline = now() + :seconds * interval '1 second'
    FROM batches b JOIN matches m ON m.batch_id = b.id AND m.state = 'out'
    WHERE l.batch_id = :batch AND b.id = l.batch_id AND b.state = 'out' AND l.verdict IS NULL
""")

TAKE_BACK = text("""
    UPDATE person_leases
    SET verdict = NULL, seconds = NULL, deadline = now() + :seconds * interval '1 second'
    WHERE batch_id = :batch AND verdict IS NOT NULL AND deadline > now()
""")

# From here on the verdict cannot be taken back, also by a transaction that began before this one
# and has an earlier now().
END_HOLD = text("""
    UPDATE person_leases SET deadline = to_timestamp(0)
    WHERE batch_id = :batch AND verdict IS NOT NULL
""")

FORGET_VERDICT = text("UPDATE person_leases SET verdict = NULL WHERE batch_id = :batch")

HELD_VERDICTS = text("""
    SELECT l.batch_id FROM person_leases l JOIN batches b ON b.id = l.batch_id
    WHERE l.verdict IS NOT NULL AND b.job_id = :job AND l.person = :person
    ORDER BY l.batch_id
""")

DUE_VERDICTS = text("""
    SELECT batch_id FROM person_leases
    WHERE verdict IS NOT NULL AND deadline <= now()
    ORDER BY deadline LIMIT :most
""")

# Depth-first, as `dispatch` claims. Nobody is shown a match twice.
CLAIM_MATCHES = text("""
    SELECT m.id, m.tournament_id, m.first, m.second
    FROM matches m
    WHERE m.job_id = :job AND m.state = 'ready' AND (m.not_before IS NULL OR m.not_before <= now())
      AND NOT EXISTS (SELECT FROM votes v WHERE v.match_id = m.id AND v.person = :person)
      AND NOT EXISTS (SELECT FROM skipped_matches s WHERE s.match_id = m.id AND s.person = :person)
    ORDER BY m.tournament_id, m.round, m.slot
    LIMIT :count
    FOR UPDATE OF m SKIP LOCKED
""")

INSERT_LEASE = text("""
    INSERT INTO person_leases (batch_id, match_id, person, number, swapped, deadline)
    VALUES (:batch, :match, :person, :number, :swapped, now() + :seconds * interval '1 second')
""")

EXTEND_LEASE = text("""
    UPDATE person_leases SET deadline = now() + :seconds * interval '1 second'
    WHERE batch_id = :batch
""")

SKIP_MATCH = text("""
    INSERT INTO skipped_matches (match_id, person) VALUES (:match, :person) ON CONFLICT DO NOTHING
""")

VOTE_OF_PERSON = text("""
    SELECT number, verdict FROM votes WHERE match_id = :match AND person = :person
""")


class PeoplesJob(NamedTuple):
    """A job that people judge, as far as its matches are leased."""

    id: JobId
    state: str
    queue: str
    judge: JudgeSpec
    voting: Voting
    seed: int


class Lease(NamedTuple):
    """A person's right to cast vote `number` of a match.

    `token` is its secret. `match_batch` is the batch in which the match is out or was last.
    `seconds` is how long ago the lease was taken, or how long the person took for the `verdict`,
    which is there while it may be taken back.
    """

    batch: BatchId
    job: JobId
    token: str
    match: MatchId
    tournament: TournamentId
    first: CandidateNumber
    second: CandidateNumber
    person: str
    number: int
    swapped: bool
    match_state: MatchState
    match_batch: BatchId | None
    verdict: Verdict | None
    seconds: float

    @property
    def taken_by_another(self) -> bool:
        """Whether somebody else holds the match now."""
        return self.match_state is MatchState.OUT and self.match_batch != self.batch


class CastVote(NamedTuple):
    """A person's vote on a match as it is stored."""

    number: int
    verdict: Verdict


def lock_job(tx: Connection, job: JobId) -> None:
    """Waits for other people who take a match of the job, until the transaction ends."""
    tx.execute(LOCK_JOB, {"number": derive("people", job)})


def job_of_people(tx: Connection, job: JobId) -> PeoplesJob:
    """The job. Raises ForeignJob for options that only another version understands."""
    row = tx.execute(JOB, {"job": job}).one()
    judge, voting = job_options(row.judge, JudgeSpec), job_options(row.voting, Voting)
    return PeoplesJob(row.id, row.state, row.queue, judge, voting, row.seed)


def find_lease(tx: Connection, batch: int) -> Lease | None:
    """The lease of this batch, whether it still holds or not."""
    return next(read_rows(Lease, tx.execute(FIND_LEASE, {"batch": batch})), None)


def held(tx: Connection, job: PeoplesJob, person: str) -> Lease | None:
    """The person's lease in this job, if there is one that holds."""
    bind = {"queue": job.queue, "job": job.id, "person": person}
    batch = tx.scalars(HELD, bind).first()
    return None if batch is None else find_lease(tx, batch)


def expired(tx: Connection, job: PeoplesJob) -> list[BatchId]:
    """The job's leases that are past their deadline."""
    return list(tx.scalars(EXPIRED, {"queue": job.queue, "job": job.id}))


def claim_matches(tx: Connection, job: JobId, person: str, count: int) -> list[ReadyMatch]:
    """Up to `count` ready matches that the person neither voted on nor skipped, locked."""
    rows = tx.execute(CLAIM_MATCHES, {"job": job, "person": person, "count": count})
    return [ReadyMatch(row.id, job, row.tournament_id, row.first, row.second) for row in rows]


def insert_lease(
    tx: Connection,
    batch: BatchId,
    match: MatchId,
    person: str,
    *,
    number: int,
    swapped: bool,
    seconds: float,
) -> None:
    """Notes whose the batch is, and which vote is to be cast within so many seconds."""
    bind = {"batch": batch, "match": match, "person": person, "seconds": seconds}
    tx.execute(INSERT_LEASE, {**bind, "number": number, "swapped": swapped})


def extend_lease(tx: Connection, batch: BatchId, seconds: float) -> None:
    """Moves the deadline to so many seconds from now."""
    tx.execute(EXTEND_LEASE, {"batch": batch, "seconds": seconds})


def skip_match(tx: Connection, match: MatchId, person: str) -> None:
    """Notes that the person is not to be shown the match again."""
    tx.execute(SKIP_MATCH, {"match": match, "person": person})


def vote_of(tx: Connection, match: MatchId, person: str) -> CastVote | None:
    """The person's vote on the match, if there is one."""
    rows = tx.execute(VOTE_OF_PERSON, {"match": match, "person": person})
    return next(read_rows(CastVote, rows), None)


def hold_verdict(tx: Connection, batch: BatchId, verdict: Verdict, seconds: float) -> bool:
    """Keeps a verdict that may be taken back for so many seconds; whether the lease still held."""
    bind = {"batch": batch, "verdict": verdict.value, "seconds": seconds}
    return bool(tx.execute(HOLD_VERDICT, bind).rowcount)


def take_back(tx: Connection, batch: BatchId, seconds: float) -> bool:
    """Takes a verdict back: the lease holds for so many seconds more; whether it was in time."""
    return bool(tx.execute(TAKE_BACK, {"batch": batch, "seconds": seconds}).rowcount)


def end_hold(tx: Connection, batch: BatchId) -> bool:
    """Ends the time in which a verdict may be taken back; whether there is one."""
    return bool(tx.execute(END_HOLD, {"batch": batch}).rowcount)


def forget_verdict(tx: Connection, batch: BatchId) -> None:
    """Removes a verdict from its lease: it is recorded as a vote."""
    tx.execute(FORGET_VERDICT, {"batch": batch})


def held_verdicts(tx: Connection, job: JobId, person: str) -> list[BatchId]:
    """The leases with verdicts of the person that are not recorded yet."""
    return list(tx.scalars(HELD_VERDICTS, {"job": job, "person": person}))


def due_verdicts(tx: Connection, most: int) -> list[BatchId]:
    """Up to `most` leases whose verdict cannot be taken back any more."""
    return list(tx.scalars(DUE_VERDICTS, {"most": most}))
