"""What the coordinator's `recover` reads and writes: batches that are out, and giving them up."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rrm_queue.domain import BatchId, JobId, MatchId, Position, TournamentId
from rrm_queue.store.connection import Connection, text

OUT_BATCHES = text("""
    SELECT b.id, b.job_id, b.queue, b.epoch, extract(epoch FROM now() - b.sent_at)::float8 AS age,
           extract(epoch FROM now() - b.seen_at)::float8 AS seen,
           j.state IN ('paused', 'cancelled') AS stopped
    FROM batches b JOIN jobs j ON j.id = b.job_id
    WHERE b.state = 'out' AND b.queue <> ALL(CAST(:apart AS text[]))
    ORDER BY b.queue, b.id
""")

# A batch that is locked is being recorded or given up. It is noted at the next look: dispatch comes
# after this one, and would have to wait.
NOTE_SEEN = text("""
    UPDATE batches SET seen_at = now()
    WHERE id = ANY(ARRAY(
        SELECT id FROM batches
        WHERE id = ANY(CAST(:batches AS bigint[])) AND seen_at IS NULL
        FOR UPDATE SKIP LOCKED
    ))
""")

# As in `record`, a tournament's lock comes before all that belongs to it.
LOCK_TOURNAMENTS = text("""
    SELECT id FROM tournaments
    WHERE id IN (SELECT tournament_id FROM matches
                 WHERE batch_id = ANY(CAST(:batches AS bigint[])) AND state = 'out')
    ORDER BY id
    FOR UPDATE
""")

LOSE_BATCHES = text("""
    UPDATE batches SET state = 'lost'
    WHERE id = ANY(CAST(:batches AS bigint[])) AND state = 'out'
    RETURNING id
""")

# What a failed tournament would have judged is over with it.
REQUEUE_MATCHES = text("""
    UPDATE matches m
    SET state = CASE WHEN t.state IN ('running', 'gathering') THEN 'ready' ELSE 'cancelled' END,
        batch_id = NULL, attempt = attempt + :attempt, error = :reason,
        not_before = CASE WHEN :wait THEN
            now() + least(2.0 ^ (attempt + 1), CAST(:longest AS float8)) * interval '1 second'
        END
    FROM tournaments t
    WHERE m.batch_id = ANY(CAST(:batches AS bigint[])) AND m.state = 'out'
      AND t.id = m.tournament_id
""")

SPENT_MATCHES = text("""
    SELECT m.id, m.tournament_id, m.job_id, m.round, m.slot
    FROM matches m
    WHERE m.batch_id = ANY(CAST(:batches AS bigint[])) AND m.state = 'out'
      AND m.attempt + 1 >= :attempts
    ORDER BY m.id
    FOR UPDATE
""")


class OutBatch(NamedTuple):
    """A batch that is out: its age and since when a lease on it has been known, in seconds.

    `stopped` when its job is paused or cancelled.
    """

    id: BatchId
    job: JobId
    queue: str
    epoch: str
    age: float
    seen: float | None
    stopped: bool


class SpentMatch(NamedTuple):
    """A match of a lost batch that has no attempt left."""

    id: MatchId
    tournament: TournamentId
    job: JobId
    position: Position


def out_batches(tx: Connection, apart: Sequence[str]) -> list[OutBatch]:
    """Every batch that is out, by queue and in the order they were sent.

    Those of the queues `apart` are left out: people hold them, and the broker does not know them.
    """
    return [
        OutBatch(
            id=row.id,
            job=row.job_id,
            queue=row.queue,
            epoch=row.epoch,
            age=row.age,
            seen=row.seen,
            stopped=row.stopped,
        )
        for row in tx.execute(OUT_BATCHES, {"apart": list(apart)})
    ]


def note_seen(tx: Connection, batches: Iterable[BatchId]) -> None:
    """Notes that a worker has been seen to hold these."""
    tx.execute(NOTE_SEEN, {"batches": list(batches)})


def lock_tournaments(tx: Connection, batches: Sequence[BatchId]) -> None:
    """Locks the tournaments of which these batches still have matches out."""
    tx.execute(LOCK_TOURNAMENTS, {"batches": list(batches)})


def lose_batches(tx: Connection, batches: Iterable[BatchId]) -> list[BatchId]:
    """Gives batches up; those that another coordinator has not given up already."""
    return list(tx.scalars(LOSE_BATCHES, {"batches": list(batches)}))


def requeue_matches(
    tx: Connection,
    batches: Sequence[BatchId],
    reason: str | None,
    *,
    attempt: bool = False,
    longest_wait: float = 0.0,
) -> None:
    """Makes the undecided matches of given up batches ready again.

    `attempt` says whether the loss counts against the matches' limit of attempts. With a
    `longest_wait`, in seconds, a match waits before it is tried again, twice as long each time.
    """
    tx.execute(
        REQUEUE_MATCHES,
        {
            "batches": list(batches),
            "reason": reason,
            "attempt": int(attempt),
            "wait": longest_wait > 0,
            "longest": longest_wait,
        },
    )


def spent_matches(tx: Connection, batches: Sequence[BatchId], attempts: int) -> list[SpentMatch]:
    """The undecided matches of these batches for which one more attempt would be too many."""
    rows = tx.execute(SPENT_MATCHES, {"batches": list(batches), "attempts": attempts})
    return [
        SpentMatch(row.id, row.tournament_id, row.job_id, Position(row.round, row.slot))
        for row in rows
    ]
