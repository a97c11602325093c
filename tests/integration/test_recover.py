"""What recover finds, on real Postgres and Valkey."""

import subprocess
import sys

import pytest
from kit.jobs import lines, submit_file

from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.leases import EPOCH_KEY, MARK_SECONDS, WorkerLeases, lease_key
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.losses import ATTEMPTS, Loss
from rrm_queue.coordinator.recover import recover
from rrm_queue.domain import BatchId, JobId, JobState
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.queue import recovery
from rrm_queue.store.views import jobs as store_jobs


@pytest.fixture
def job(database: Database, broker: BrokerClient) -> JobId:
    """A job with one batch out."""
    job = submit_file(database, lines([8]))
    assert dispatch(database, broker) == 4
    return job


def batch(database: Database) -> int:
    with database.begin() as tx:
        return int(tx.scalar(text("SELECT max(id) FROM batches")) or 0)


def age(database: Database, column: str) -> None:
    """Lets two minutes pass since `column`."""
    with database.begin() as tx:
        tx.execute(text(f"UPDATE batches SET {column} = {column} - interval '2 minutes'"))  # noqa: S608


def age_mark(broker: BrokerClient, job: JobId, number: int) -> None:
    """Lets two minutes pass since the mark in the batch's lease's place was set."""
    broker.client.expire(lease_key(job, number), MARK_SECONDS - 120)


def ready(database: Database, job: JobId) -> int:
    with database.begin() as tx:
        return store_jobs.view_job(tx, job).ready


def test_what_waits_in_the_queue_is_left_alone(
    database: Database, broker: BrokerClient, job: JobId
) -> None:
    age(database, "sent_at")
    assert recover(database, broker, settled=True).lost == {}


def test_a_lost_message_is_sent_again(database: Database, broker: BrokerClient, job: JobId) -> None:
    broker.client.delete("rrmq.judge.reference")
    age(database, "sent_at")
    assert list(recover(database, broker, settled=True).lost.values()) == [Loss.MESSAGE]
    assert ready(database, job) == 4
    assert dispatch(database, broker) == 4


def test_a_worker_of_this_machine_that_has_ended_keeps_no_batch_until_its_lease_expires(
    database: Database, broker: BrokerClient, job: JobId
) -> None:
    named = "from rrm_queue.broker.processes import process_name; print(process_name())"
    done = subprocess.run([sys.executable, "-c", named], capture_output=True, text=True, check=True)
    assert WorkerLeases(broker.client, done.stdout.strip()).take(job, batch(database))
    assert list(recover(database, broker, settled=False).lost.values()) == [Loss.WORKER]
    assert dispatch(database, broker) == 4


def test_a_batch_that_is_being_recorded_is_not_waited_for(
    database: Database, broker: BrokerClient, job: JobId
) -> None:
    seen = text("SELECT seen_at IS NOT NULL FROM batches WHERE id = :batch")
    number = {"batch": batch(database)}
    WorkerLeases(broker.client, "a worker").take(job, batch(database))
    with database.begin() as recording:
        recording.execute(text("SELECT 1 FROM batches WHERE id = :batch FOR UPDATE"), number)
        with database.begin() as tx:
            tx.execute(text("SET lock_timeout = '5s'"))
            recovery.note_seen(tx, [BatchId(number["batch"])])
            assert tx.scalar(seen, number) is False
            tx.execute(text("RESET lock_timeout"))
    recover(database, broker, settled=True)
    with database.begin() as tx:
        assert tx.scalar(seen, number) is True


def test_a_broker_that_lost_its_data_is_noticed(
    database: Database, broker: BrokerClient, job: JobId
) -> None:
    broker.client.flushall()
    assert recover(database, broker, settled=True).lost == {}, "live workers may still say so"
    a_minute_ago = broker.client.time()[0] - 60
    broker.client.set(EPOCH_KEY, f"another:{a_minute_ago}")
    assert list(recover(database, broker, settled=True).lost.values()) == [Loss.EPOCH]
    assert ready(database, job) == 4


def test_a_dead_workers_batch_is_given_to_another_and_its_message_dropped(
    database: Database, broker: BrokerClient, job: JobId
) -> None:
    number = batch(database)
    dead, alive = (WorkerLeases(broker.client, name) for name in ("dead", "alive"))
    assert dead.take(job, number)
    assert not alive.take(job, number)
    age(database, "sent_at")
    assert recover(database, broker, settled=True).lost == {}
    broker.client.delete(lease_key(job, number))  # as when its lease runs out
    assert list(recover(database, broker, settled=True).lost.values()) == [Loss.WORKER]
    assert not alive.take(job, number), "a late message of the old batch must be dropped"
    assert dispatch(database, broker) == 4
    assert alive.take(job, batch(database))


@pytest.mark.parametrize(
    ("broken", "loss", "attempts"), [(False, Loss.RETURNED, 0), (True, Loss.ENGINE, 1)]
)
def test_a_batch_handed_back_goes_out_at_once_and_counts_only_if_its_engine_died(
    database: Database, broker: BrokerClient, job: JobId, broken: bool, loss: Loss, attempts: int
) -> None:
    leases = WorkerLeases(broker.client, "worker")
    leases.take(job, batch(database))
    leases.release(job, batch(database), broken=broken)
    age_mark(broker, job, batch(database))
    assert list(recover(database, broker, settled=True).lost.values()) == [loss]
    with database.begin() as tx:
        assert tx.scalar(text("SELECT max(attempt) FROM matches")) == attempts
    assert dispatch(database, broker) == 4


def test_a_match_that_kills_its_workers_fails_after_the_limit(
    database: Database, broker: BrokerClient, job: JobId
) -> None:
    leases = WorkerLeases(broker.client, "mortal")
    for _ in range(ATTEMPTS):
        leases.take(job, batch(database))
        recover(database, broker, settled=True)
        broker.client.delete(lease_key(job, batch(database)))
        recover(database, broker, settled=True)
        dispatch(database, broker)
    with database.begin() as tx:
        view = store_jobs.view_job(tx, job)
        error = store_jobs.first_error(tx, job)
    assert (view.state, view.tournaments_failed) == (JobState.FAILED, 1)
    assert error is not None
    assert "its worker died" in error.error


def test_outcomes_that_never_arrive_are_judged_again(
    database: Database, broker: BrokerClient, job: JobId
) -> None:
    leases = WorkerLeases(broker.client, "worker")
    leases.take(job, batch(database))
    leases.finish([(job, BatchId(batch(database)))])
    assert recover(database, broker, settled=True).lost == {}
    age(database, "seen_at")
    assert recover(database, broker, settled=True).lost == {}
    age_mark(broker, job, batch(database))
    assert list(recover(database, broker, settled=True).lost.values()) == [Loss.OUTCOMES]
    assert ready(database, job) == 4


def test_matches_of_a_failed_tournament_are_not_sent_again(
    database: Database, broker: BrokerClient, job: JobId
) -> None:
    with database.begin() as tx:
        tx.execute(text("UPDATE tournaments SET state = 'failed'"))
    leases = WorkerLeases(broker.client, "dead")
    leases.take(job, batch(database))
    recover(database, broker, settled=True)
    broker.client.delete(lease_key(job, batch(database)))
    assert list(recover(database, broker, settled=True).lost.values()) == [Loss.WORKER]
    assert ready(database, job) == 0
    assert dispatch(database, broker) == 0
