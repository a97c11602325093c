"""What a claim reads while another connection holds a snapshot, as `pg_dump` does.

The server then keeps the index entries of all that was claimed since. What a real plan reads is
counted in buffers, for a claim from the job's floor and for one from its beginning.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from kit.filled_store import Filling, fill
from kit.query_plans import buffers

from rrm_queue.coordinator.floors import LOOK_EVERY, Floors
from rrm_queue.domain import BatchId, JobId
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.queue import active_jobs, dispatching
from rrm_queue.store.queue.floors import Floor, floor_columns

SMALL = Filling("aaaaaaaaaaaa", count=2_000, size=6, done=0, running=2_000)
LARGE = Filling("bbbbbbbbbbbb", count=1, size=250, done=0, running=1)

LEFT = 300
"""Matches that are not judged yet when the claim is looked at."""

ALL_READY = text("UPDATE matches SET state = 'ready', batch_id = NULL")
NO_AUTOVACUUM = text("""
    ALTER TABLE matches SET (autovacuum_enabled = false);
    ALTER TABLE tournaments SET (autovacuum_enabled = false);
    ALTER TABLE batches SET (autovacuum_enabled = false)
""")  # it would remove what lies between the snapshot and now
BATCHES_OUT = text("UPDATE batches SET state = 'out'")

CLAIM = text("""
    UPDATE matches SET state = 'out', batch_id = tournament_id
    FROM (SELECT id FROM matches ORDER BY tournament_id, round, slot
          LIMIT (SELECT count(*) FROM matches) - :left) AS first
    WHERE matches.id = first.id
""")
DECIDE = text("""
    UPDATE matches SET state = 'done', winner = first, decided_by = 'votes' WHERE state = 'out'
""")

CLOSE = text("""
    UPDATE tournaments SET state = 'done' WHERE NOT EXISTS
        (SELECT 1 FROM matches m WHERE m.tournament_id = tournaments.id AND m.state <> 'done')
""")
END_BATCHES = text("""
    UPDATE batches SET state = 'done'
    FROM tournaments t WHERE t.id = batches.id AND t.state = 'done'
""")


@contextmanager
def snapshot(database: Database) -> Iterator[None]:
    """Another connection that reads the store as it is now, for as long as the block lasts."""
    with psycopg.connect(database.url.replace("+psycopg", "")) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.execute("SELECT count(*) FROM jobs")
        yield
        reader.rollback()


def judge_most(database: Database) -> None:
    """Claims and decides all but the last matches, tournament by tournament."""
    for statement in (CLAIM, DECIDE, CLOSE, END_BATCHES):
        with database.begin() as tx:
            tx.execute(statement, {"left": LEFT} if ":left" in statement.text else {})


@pytest.mark.parametrize("filling", [SMALL, LARGE], ids=["many tournaments", "one tournament"])
def test_a_claim_reads_nothing_of_what_was_judged_before(
    database: Database, filling: Filling
) -> None:
    fill(database, filling)
    with database.begin() as tx:
        tx.execute(NO_AUTOVACUUM)
        tx.execute(ALL_READY)
        tx.execute(BATCHES_OUT)
    floors = Floors()
    with snapshot(database):
        judge_most(database)
        with database.begin() as tx:
            floors.claimed(tx, filling.job_id, "elo", LOOK_EVERY)
            floors.look(tx, ["rrmq.judge.openai"])
            here = floors.of(filling.job_id)
            job, counts = filling.job_id, {"counts": [100]}
            claim = buffers(tx, dispatching.CLAIM_MATCHES, floor_columns({job: here}) | counts)
            whole = buffers(tx, dispatching.CLAIM_MATCHES, floor_columns({job: Floor()}) | counts)
            looked = look(tx, job, here, floors.first_out)
            looked_whole = look(tx, job, Floor(), BatchId(0))
            claimed = dispatching.claim_matches(tx, {job: 100}, {job: here})
            assert len(claimed[job]) == 100
            tx.rollback()
    print(f"claim {whole} -> {claim}, look {looked_whole} -> {looked} buffers")
    assert whole > 5_000, "the snapshot holds what was judged"
    assert claim < 1_000
    assert looked_whole > 1_000
    assert looked < looked_whole / 2


def look(tx: Transaction, job: JobId, floor: Floor, first_out: BatchId) -> int:
    """How many pages a turn reads to look at the job, with this floor."""
    queued = {"most_queued": 128, **active_jobs.PRIORITIES}
    listed = {"queue": "rrmq.judge.openai", "first_out": first_out, **queued}
    counted = {"most": 16384, "most_waiting": 64, "most_jobs": 1024, "open": [False]}
    return buffers(tx, active_jobs.LISTED_JOBS, listed) + buffers(
        tx, active_jobs.SENDABLE_JOBS, floor_columns({job: floor}) | counted
    )
