"""Appending stays fast right after a large submission: no statement of it reads a whole table.

The server has no statistics of its tables then, and it gets none here.
"""

from collections.abc import Iterable, Iterator

import pytest
from kit.filled_store import ANALYZE, Filling, fill
from kit.jobs import job_of
from kit.query_plans import Parameters, read_whole

from rrm_queue.actions.app import App
from rrm_queue.config import Secret, Settings
from rrm_queue.domain import Candidate, JobId, Tournament
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.queue import appending, cohorts, gathering, planning
from rrm_queue.store.queue.submission import insert_job

JOB = JobId("0123456789ab")
LARGE = Filling("aaaaaaaaaaaa", count=100_000, size=2, done=0, running=50)

KEYS: Parameters = {"job": LARGE.job, "keys": ["t7", "another"]}
SOME: Parameters = {"tournaments": [1, 2, 3]}
EACH: Parameters = {"tournament": [1, 2], "number": [8, 8], "key": ["8", "8"]}


ROWS_READ = text("SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables")


@pytest.fixture(scope="module")
def early(module_database: Database) -> Iterator[Database]:
    """What a server has open that began when the tables were small: it has added groups."""
    with module_database.begin() as tx:
        for table in ("tournaments", "candidates", "matches"):
            tx.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = false)"))
        insert_job(tx, job_of(open=True))
    add(module_database, JOB, range(20))
    with module_database.begin() as tx:
        tx.execute(ANALYZE)
    settings = Settings(
        database_url=Secret(module_database.url), broker_url=Secret("redis://nowhere")
    )
    with App(settings) as app:
        add(app.database, JOB, range(20, 40))
        yield app.database


@pytest.fixture(scope="module")
def filled(module_database: Database, early: Database) -> Database:
    """A job of which the server knows nothing but its pages."""
    fill(module_database, LARGE, analyze=False)
    return module_database


def add(database: Database, job: JobId, numbers: Iterable[int]) -> list[int]:
    """Appends groups one by one; how many rows the server read for each."""
    read = []
    for number in numbers:
        answers = tuple(Candidate(str(c), f"Answer {c} to {number}") for c in range(8))
        group = Tournament(f"group-{number}", f"What is {number}?", answers, 0)
        with database.begin() as tx:
            before = int(tx.scalar(ROWS_READ))
            appending.append(tx, job, 0, [group])
            read.append(int(tx.scalar(ROWS_READ)) - before)
    return read


def test_no_statement_that_adds_a_group_or_an_answer_reads_a_whole_table(filled: Database) -> None:
    asked = {
        "appending.KNOWN_TOURNAMENTS": (appending.KNOWN_TOURNAMENTS, KEYS),
        "appending.OPEN_SETTINGS": (appending.OPEN_SETTINGS, {"job": LARGE.job}),
        "cohorts.COHORTS": (cohorts.COHORTS, {"cohorts": [1]}),
        "gathering.GATHERED": (gathering.GATHERED, SOME),
        "gathering.ADD_CANDIDATES": (
            gathering.ADD_CANDIDATES,
            {**EACH, "text": ["a", "b"], "gold": [None, 1.0]},
        ),
        "gathering.RENAME_CANDIDATES": (gathering.RENAME_CANDIDATES, EACH),
        "gathering.END_GATHERING": (gathering.END_GATHERING, SOME),
        "planning.LOCK_BY_ID": (planning.LOCK_BY_ID, SOME),
    }
    with filled.begin() as tx:
        found = {name: read_whole(tx, *one) for name, one in asked.items()}
    assert {name: tables for name, tables in found.items() if tables} == {}


def test_a_server_that_began_with_small_tables_reads_no_more_rows_when_they_are_large(
    filled: Database, early: Database
) -> None:
    (few,) = add(early, JOB, [100])
    assert 0 < few < 100
    assert add(early, LARGE.job_id, [101, 102]) == pytest.approx([few, few], abs=10)
