"""A coordinator that began when the tables were small reads no more rows when they are large.

The server has no statistics of its tables then, and it gets none here.
"""

from collections.abc import Iterator

import pytest
from kit.filled_store import Filling, fill
from kit.jobs import job_of

from rrm_queue.cli.commands import coordinator
from rrm_queue.domain import Candidate, JobId, MatchId, Tournament, Verdict, Vote
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.queue import appending, paid_votes, planning, recording
from rrm_queue.store.queue.submission import insert_job

JOB = JobId("0123456789ab")
LARGE = Filling("aaaaaaaaaaaa", count=20_000, size=2, done=19_000, running=50)
SOME = 64

ROWS_READ = text("SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables")
OUT = text("SELECT id FROM matches WHERE job_id = :job AND state = 'out' ORDER BY id LIMIT 64")
NO_STATISTICS = text("""
    ALTER TABLE tournaments SET (autovacuum_enabled = false);
    ALTER TABLE matches SET (autovacuum_enabled = false);
    ALTER TABLE votes SET (autovacuum_enabled = false)
""")


@pytest.fixture(scope="module")
def early(module_database: Database) -> Iterator[Database]:
    """The coordinator's own database, open since the tables were small."""
    with module_database.begin() as tx:
        tx.execute(NO_STATISTICS)
        insert_job(tx, job_of(open=True))
        answers = tuple(Candidate(str(c), f"Answer {c}") for c in range(12))
        appending.append(tx, JOB, 0, [Tournament("one", "What is 1?", answers, 0)])
    own = coordinator.open_database(module_database.url)
    with own.begin() as tx:
        matches = dict.fromkeys(range(1, SOME), JOB)
        for _ in range(20):  # psycopg prepares at the sixth time
            look(tx, matches)
    yield own
    own.close()


def look(tx: Transaction, matches: dict[int, JobId]) -> int:
    """What `record` reads of matches first; how many rows the server read for it."""
    before = int(tx.scalar(ROWS_READ))
    planning.lock_tournaments(tx, matches)
    locked = recording.lock_matches(tx, matches)
    paid_votes.in_hand(tx, list(matches))
    assert len(locked) in (0, len(matches))
    return int(tx.scalar(ROWS_READ)) - before


def test_record_reads_no_whole_table_that_was_small(
    module_database: Database, early: Database
) -> None:
    fill(module_database, LARGE, analyze=False)
    with early.begin() as tx:
        out = list(tx.scalars(OUT, {"job": LARGE.job}))
        read = look(tx, dict.fromkeys(out, LARGE.job_id))
        before = int(tx.scalar(ROWS_READ))
        vote = Vote(1, Verdict.FIRST, swapped=False, model="m")
        recording.insert_votes(tx, [(MatchId(match), vote) for match in out])
        written = int(tx.scalar(ROWS_READ)) - before
        tx.rollback()
    assert len(out) > SOME // 2
    assert 0 < read < 10 * SOME
    assert 0 < written < 10 * SOME
