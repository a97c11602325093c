"""The server plans the checks of foreign keys once for many rows, and by index."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from kit.jobs import job_of, lines, submit_file

from rrm_queue.domain import Candidate, JobId, Tournament
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database, Plans, Transaction
from rrm_queue.store.key_checks import keys_checked_by_index
from rrm_queue.store.queue.deleting import Place, remove_part
from rrm_queue.store.queue.submission import copy_rows, form_rows, insert_job, reserve_ids

JOB = JobId("0123456789ab")
ROWS_READ = text("SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'tournaments'")
SETTINGS = text("SELECT current_setting('plan_cache_mode'), current_setting('enable_seqscan')")
TELL_OF_PLANS = text("SET LOCAL log_planner_stats = on; SET LOCAL client_min_messages = log")


@pytest.fixture
def tx(database: Database) -> Iterator[Transaction]:
    """A transaction of a command's, in which one tournament is there before any statistics."""
    with database.begin() as small:
        small.execute(text("ALTER TABLE tournaments SET (autovacuum_enabled = false)"))
        insert_job(small, job_of())
        add(small, 0, 1)
        small.execute(text("ANALYZE tournaments"))
    own = Database(database.url, plans=Plans.FRESH)
    with own.begin() as command:
        yield command
    own.close()


def add(tx: Transaction, first: int, count: int) -> None:
    answers = tuple(Candidate(str(c), f"Answer {c}") for c in range(20))
    some = [Tournament(f"t{n}", f"What is {n}?", answers, n) for n in range(first, first + count)]
    with keys_checked_by_index(tx):
        copy_rows(tx, form_rows(reserve_ids(tx, count), JOB, 0, some))


@contextmanager
def told_plans(tx: Transaction) -> Iterator[list[str]]:
    """What the server says in the block; a line for each plan that it makes."""
    told = list[str]()

    def note(notice: psycopg.errors.Diagnostic) -> None:
        told.append(str(notice.message_primary))

    tx.execute(TELL_OF_PLANS)
    tx.driver.add_notice_handler(note)
    yield told
    tx.driver.remove_notice_handler(note)


def test_a_submission_plans_no_check_for_each_row(tx: Transaction) -> None:
    add(tx, 1, 50)
    with told_plans(tx) as told:
        add(tx, 51, 500)
    assert 0 < told.count("PLANNER STATISTICS") < 12


class Told(Database):
    """A command's database that keeps what the server says of its plans in a transaction."""

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        with super().begin() as tx, told_plans(tx) as self.plans:
            yield tx


def test_a_file_is_submitted_with_plans_for_all_its_rows(database: Database) -> None:
    own = Told(database.url, plans=Plans.FRESH)
    submit_file(own, lines([3] * 500))
    own.close()
    assert 0 < own.plans.count("PLANNER STATISTICS") < 40


def test_a_removal_plans_no_cascade_for_each_row(tx: Transaction) -> None:
    add(tx, 1, 100)
    with told_plans(tx) as told:
        assert remove_part(tx, JOB, Place()) == Place(101, 101)
    assert 0 < told.count("PLANNER STATISTICS") < 40


def test_other_statements_of_the_transaction_are_planned_as_before(tx: Transaction) -> None:
    before = tx.execute(SETTINGS).one()
    add(tx, 1, 50)
    assert tx.execute(SETTINGS).one() == before == ("force_custom_plan", "on")


def test_a_check_planned_for_few_tournaments_reads_no_others(tx: Transaction) -> None:
    add(tx, 1, 50)
    before = int(tx.scalar(ROWS_READ))
    add(tx, 51, 500)
    add(tx, 551, 500)
    assert int(tx.scalar(ROWS_READ)) == before
