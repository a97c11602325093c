"""Postgres and Valkey away together, for longer than a lease lasts: no live worker is given up."""

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from kit.jobs import judged, lines, received, submit_file
from kit.local_stacks import kill_servers
from kit.paid_votes import view
from kit.waiting import eventually
from redis.exceptions import RedisError

from rrm_queue.broker import leases
from rrm_queue.broker.app import create_app
from rrm_queue.broker.client import BrokerClient, redis_client
from rrm_queue.broker.leases import WorkerLeases
from rrm_queue.coordinator import settling
from rrm_queue.coordinator.service import Coordinator
from rrm_queue.domain import BatchId, JobId, JobState
from rrm_queue.local.stack import LocalStack
from rrm_queue.local.valkey import Valkey
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.schema import upgrade

LEASE, SETTLE = 4, 6.0


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[LocalStack]:
    """Servers of the test's own, which it may stop."""
    stack = LocalStack(tmp_path / "home")
    try:
        yield stack
    finally:
        stack.down()


@pytest.mark.slow
def test_no_batch_is_given_up_after_an_outage_of_both_servers(
    stack: LocalStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LEASE_SECONDS", LEASE)
    monkeypatch.setattr(settling, "SETTLE", SETTLE)
    addresses = stack.ensure_services()
    database = Database(addresses.database_url, check_connections=True)
    upgrade(database)
    app = create_app(addresses.broker_url)
    broker = BrokerClient(lambda: app, redis_client(addresses.broker_url))
    job = submit_file(database, lines([2, 2]))
    coordinator = Coordinator(database, broker)
    coordinator.start()
    eventually(lambda: broker.waiting("rrmq.judge.reference"), "the matches are sent")
    (batch,) = received(broker)
    gone, away = Event(), Event()

    def live() -> None:
        """A worker that renews its lease as long as the broker answers."""
        worker = WorkerLeases(redis_client(addresses.broker_url, timeout=1), "alive")
        while not gone.wait(0.5):
            if away.is_set():
                continue
            try:
                worker.renew([(JobId(batch.job), BatchId(batch.batch))])
            except RedisError:
                continue

    worker = Thread(target=live)
    worker.start()
    try:
        time.sleep(SETTLE + 2)
        away.set()
        kill_servers(tmp_path / "home")
        time.sleep(LEASE + 2)
        Valkey(tmp_path / "home", None).ensure()  # first, so that the loop meets no broker away
        assert stack.ensure_services() == addresses
        time.sleep(3)  # what a worker takes to reach the broker again
        away.clear()
        time.sleep(SETTLE + 2)
        with database.begin() as tx:
            assert tx.scalar(text("SELECT state FROM batches")) == "out"
            assert tx.scalars(text("SELECT DISTINCT attempt FROM matches")).all() == [0]
        broker.send_outcomes(judged(batch))
        eventually(lambda: view(database, job).state is JobState.SUCCEEDED, "the job succeeds")
    finally:
        gone.set()
        worker.join()
        coordinator.stop()
        coordinator.join()
        database.close()
        app.close()
