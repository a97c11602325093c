"""What recover finds, on real Postgres and Valkey."""

import pytest
from jobs import lines, submit_file
from sqlalchemy import text

from rrm_queue.broker.leases import WorkerLeases
from rrm_queue.broker.link import BrokerLink
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import ATTEMPTS
from rrm_queue.coordinator.recover import recover
from rrm_queue.coordinator.rules import Loss
from rrm_queue.domain import JobId, JobState
from rrm_queue.store import jobs as store_jobs
from rrm_queue.store.database import Database


@pytest.fixture
def job(database: Database, broker: BrokerLink) -> JobId:
    """A job with one batch out."""
    job = submit_file(database, lines([8]))
    assert dispatch(database, broker) == 4
    return job


def batch(database: Database) -> int:
    with database.begin() as tx:
        return int(tx.scalar(text("SELECT max(id) FROM batches")) or 0)


def age(database: Database, column: str) -> None:
    """Lets a minute pass since `column`."""
    with database.begin() as tx:
        tx.execute(text(f"UPDATE batches SET {column} = {column} - interval '2 minutes'"))  # noqa: S608


def ready(database: Database, job: JobId) -> int:
    with database.begin() as tx:
        return store_jobs.view_job(tx, job).ready


def test_what_waits_in_the_queue_is_left_alone(
    database: Database, broker: BrokerLink, job: JobId
) -> None:
    age(database, "sent_at")
    assert recover(database, broker) == {}


def test_a_lost_message_is_sent_again(database: Database, broker: BrokerLink, job: JobId) -> None:
    broker.client.delete("rrmq.judge.reference")
    age(database, "sent_at")
    assert list(recover(database, broker).values()) == [Loss.MESSAGE]
    assert ready(database, job) == 4
    assert dispatch(database, broker) == 4


def test_a_broker_that_lost_its_data_is_noticed_at_once(
    database: Database, broker: BrokerLink, job: JobId
) -> None:
    broker.client.flushall()
    assert list(recover(database, broker).values()) == [Loss.EPOCH]
    assert ready(database, job) == 4


def test_a_dead_workers_batch_is_given_to_another_and_its_message_dropped(
    database: Database, broker: BrokerLink, job: JobId
) -> None:
    number = batch(database)
    dead, alive = (WorkerLeases(broker.client, name) for name in ("dead", "alive"))
    assert dead.take(job, number)
    assert not alive.take(job, number)
    age(database, "sent_at")
    assert recover(database, broker) == {}
    dead.release(job, number)  # as when its lease runs out
    assert list(recover(database, broker).values()) == [Loss.WORKER]
    assert not alive.take(job, number), "a late message of the old batch must be dropped"
    assert dispatch(database, broker) == 4
    assert alive.take(job, batch(database))


@pytest.mark.parametrize(
    ("broken", "loss", "attempts"), [(False, Loss.RETURNED, 0), (True, Loss.ENGINE, 1)]
)
def test_a_batch_handed_back_goes_out_at_once_and_counts_only_if_its_engine_died(
    database: Database, broker: BrokerLink, job: JobId, broken: bool, loss: Loss, attempts: int
) -> None:
    leases = WorkerLeases(broker.client, "worker")
    leases.take(job, batch(database))
    leases.hand_back(job, batch(database), broken=broken)
    assert list(recover(database, broker).values()) == [loss]
    with database.begin() as tx:
        assert tx.scalar(text("SELECT max(attempt) FROM matches")) == attempts
    assert dispatch(database, broker) == 4


def test_a_match_that_kills_its_workers_fails_after_the_limit(
    database: Database, broker: BrokerLink, job: JobId
) -> None:
    leases = WorkerLeases(broker.client, "mortal")
    for _ in range(ATTEMPTS):
        leases.take(job, batch(database))
        recover(database, broker)
        leases.release(job, batch(database))
        recover(database, broker)
        dispatch(database, broker)
    with database.begin() as tx:
        view = store_jobs.view_job(tx, job)
        error = store_jobs.first_error(tx, job)
    assert (view.state, view.tournaments_failed) == (JobState.FAILED, 1)
    assert error is not None
    assert "its worker died" in error.error


def test_outcomes_that_never_arrive_are_judged_again(
    database: Database, broker: BrokerLink, job: JobId
) -> None:
    leases = WorkerLeases(broker.client, "worker")
    leases.take(job, batch(database))
    leases.finish(job, batch(database))
    assert recover(database, broker) == {}
    age(database, "held_at")
    assert list(recover(database, broker).values()) == [Loss.OUTCOMES]
    assert ready(database, job) == 4
