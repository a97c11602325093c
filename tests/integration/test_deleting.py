"""A job is removed part by part: nobody finds it meanwhile, nobody waits, and nothing is left."""

from itertools import pairwise
from threading import Thread

import pytest
from kit.filled_store import Filling, fill
from kit.jobs import delete, lines, play, submit_file
from kit.waiting import PATIENCE

from rrm_queue.broker.client import BrokerClient
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.removing import remove, remove_marked
from rrm_queue.domain import JobId
from rrm_queue.errors import JobNotFound
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.queue import deleting
from rrm_queue.store.queue.control import retry_job
from rrm_queue.store.queue.deleting import Place, mark_ended, remove_part
from rrm_queue.store.views import completion
from rrm_queue.store.views.jobs import count_states, find_job, list_jobs, view_job

TABLES = ("jobs", "tournaments", "candidates", "matches", "votes", "standings", "batches")
PART = 40
"""Rows that go at once, here."""

SETTINGS = text("""
    SELECT c.relname FROM pg_class c LEFT JOIN pg_class t ON t.oid = c.reltoastrelid,
    LATERAL pg_options_to_table(c.reloptions || t.reloptions) AS o
    WHERE c.relkind = 'r'
      AND o.option_name = 'autovacuum_vacuum_scale_factor' AND o.option_value = '0.05'
""")


VOTE_BYTES = text("SELECT pg_table_size('votes')")


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a few rows, so that a small job has many."""
    monkeypatch.setattr(deleting, "ROWS", PART)


@pytest.fixture
def job(database: Database, broker: BrokerClient) -> JobId:
    """A job that has ended: many small tournaments, and one that is larger than a part."""
    job = submit_file(database, lines([*([3] * 10), 12, 2]), id="dead", strategy="elo", name="d")
    play(database, broker)
    return job


def rows(database: Database) -> dict[str, int]:
    with database.begin() as tx:
        return {t: int(tx.scalar(text(f"SELECT count(*) FROM {t}")) or 0) for t in TABLES}  # noqa: S608


def mark(database: Database, job: JobId) -> None:
    with database.begin() as tx:
        assert mark_ended(tx, job)


def test_every_part_is_small_and_nothing_is_left(
    database: Database, broker: BrokerClient, job: JobId
) -> None:
    other = submit_file(database, lines([3, 4]), id="alive", strategy="elo")
    play(database, broker)
    before = rows(database)
    mark(database, job)
    left = [before]
    gone = []
    for removed in remove(database, job):
        left.append(rows(database))
        gone.append(removed)
    parts = [sum(one.values()) - sum(two.values()) for one, two in pairwise(left)]
    assert len(parts) > 6
    assert max(parts) < 2 * PART
    assert gone == sorted(gone)
    assert gone[-1] == 12
    assert left[0]["votes"] - left[-1]["votes"] == 10 * 3 + 66 + 1
    with database.begin() as tx:
        assert [view.id for view in list_jobs(tx, 9)] == [other]
        assert view_job(tx, other).votes == 3 + 6
    assert rows(database)["votes"] == 3 + 6


def test_nobody_finds_a_job_of_which_parts_are_left(database: Database, job: JobId) -> None:
    mark(database, job)
    next(remove(database, job))
    with database.begin() as tx:
        for found in (lambda: find_job(tx, job), lambda: view_job(tx, job)):
            with pytest.raises(JobNotFound):
                found()
        assert list_jobs(tx, 9) == []
        assert count_states(tx) == {}
        assert completion.jobs_so(tx, "", 9) == []
        assert completion.keys_so(tx, job, "", 9) == []
        assert retry_job(tx, job).tournaments == 0
        assert not mark_ended(tx, job)


def test_a_job_that_failed_in_part_is_not_begun_again_meanwhile(
    database: Database, broker: BrokerClient, job: JobId
) -> None:
    with database.begin() as tx:
        tx.execute(text("UPDATE tournaments SET state = 'failed' WHERE key = 't11'"))
        tx.execute(text("UPDATE jobs SET state = 'partial'"))
    mark(database, job)
    with database.begin() as tx:
        assert retry_job(tx, job).tournaments == 0
    assert dispatch(database, broker) == 0


def test_the_same_file_makes_a_new_job_meanwhile(database: Database, job: JobId) -> None:
    mark(database, job)
    again = lines([*([3] * 10), 12, 2])
    assert submit_file(database, again, id="new", strategy="elo", name="d") == "new"


def test_a_coordinator_finishes_what_was_interrupted(database: Database, job: JobId) -> None:
    mark(database, job)
    next(remove(database, job))
    for _ in range(3):
        remove_marked(database)
    assert set(rows(database).values()) == {0}


def test_two_may_remove_the_same_job(database: Database, job: JobId) -> None:
    mark(database, job)
    removers = [Thread(target=lambda: list(remove(database, job))) for _ in range(2)]
    for remover in removers:
        remover.start()
    for remover in removers:
        remover.join(PATIENCE)
    assert set(rows(database).values()) == {0}


def test_no_other_job_waits_for_a_part(
    database: Database, broker: BrokerClient, job: JobId
) -> None:
    submit_file(database, lines([4]), id="alive", strategy="elo")
    mark(database, job)
    with database.begin() as removing:
        assert remove_part(removing, job, Place()) is not None
        play(database, broker)  # while the locks of the part are held
        with database.begin() as tx:
            assert view_job(tx, JobId("alive")).votes == 6


def test_a_job_of_people_and_groups_leaves_nothing(database: Database, job: JobId) -> None:
    with database.begin() as tx:
        tx.execute(
            text("""
            INSERT INTO cohorts (job_id, name, size, prompt, partial, state, deadline)
            SELECT :job, 'g' || n, 2, 'p', 'judge', 'judged', now() FROM generate_series(1, 90) n
        """),
            {"job": job},
        )
    assert delete(database, job)
    with database.begin() as tx:
        assert tx.scalar(text("SELECT count(*) FROM cohorts")) == 0


def test_the_room_of_a_removed_job_is_used_again(database: Database) -> None:
    fill(database, Filling("dead", count=60, size=8, done=60, running=0))
    with database.begin() as tx:
        tx.execute(text("UPDATE jobs SET state = 'succeeded'"))
        size = tx.scalar(VOTE_BYTES)
    assert delete(database, JobId("dead"))
    with database.look() as looking:
        looking.execute(text("VACUUM votes"))
    fill(database, Filling("next", count=60, size=8, done=60, running=0))
    with database.begin() as tx:
        assert tx.scalar(text("SELECT count(*) FROM votes")) == 60 * 28
        assert tx.scalar(VOTE_BYTES) <= 1.05 * size


def test_large_tables_give_dead_rows_back_early(database: Database) -> None:
    with database.begin() as tx:
        found = sorted(tx.scalars(SETTINGS))
    with_texts = ["candidates", "tournaments", "votes"]
    assert found == sorted(["matches", "standings", *with_texts, *with_texts])
