"""A coordinator that began when the tables were small reads no more rows when they are large.

The server has no statistics of its tables then, and it gets none here.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

import pytest
from kit.filled_store import Filling, fill
from kit.jobs import job_of

from rrm_queue.cli.commands import coordinator
from rrm_queue.coordinator import plan
from rrm_queue.domain import Candidate, JobId, MatchId, Tournament, Verdict, Vote
from rrm_queue.store.connection import text
from rrm_queue.store.database import PLANS_SECONDS, Database, Transaction
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
        plan.open_tournaments(tx, {JOB: 1})
        matches = dict.fromkeys(map(int, tx.scalars(text("SELECT id FROM matches"))), JOB)
        for _ in range(20):  # psycopg prepares at the sixth time
            with suppress(Undo), tx.savepoint():
                write(tx, matches)
                raise Undo
            look(tx, matches)
    yield own
    own.close()


class Undo(Exception):
    """Takes back what was written."""


def look(tx: Transaction, matches: Mapping[int, JobId]) -> int:
    """What `record` reads of matches first; how many rows the server read for it."""
    before = int(tx.scalar(ROWS_READ))
    planning.lock_tournaments(tx, matches)
    assert len(recording.lock_matches(tx, matches)) == len(matches)
    paid_votes.in_hand(tx, list(matches))
    return int(tx.scalar(ROWS_READ)) - before


def write(tx: Transaction, matches: Iterable[int]) -> int:
    """A vote for each match; how many rows the server read for them and their foreign keys."""
    before = int(tx.scalar(ROWS_READ))
    vote = Vote(1, Verdict.FIRST, swapped=False, model="m")
    recording.insert_votes(tx, [(MatchId(match), vote) for match in matches])
    return int(tx.scalar(ROWS_READ)) - before


def test_record_reads_no_whole_table_that_was_small(
    module_database: Database, early: Database
) -> None:
    fill(module_database, LARGE, analyze=False)
    time.sleep(PLANS_SECONDS)  # by then its plans are old, however short the filling took
    with early.begin() as tx:
        out = dict.fromkeys(map(int, tx.scalars(OUT, {"job": LARGE.job})), LARGE.job_id)
        read, written = look(tx, out), write(tx, out)
        tx.rollback()
    assert len(out) > SOME // 2
    assert 0 < read < 10 * SOME
    assert 0 < written < 10 * SOME
