"""Postgres and Valkey away together, for longer than a lease lasts: no live worker is given up."""

import time
from collections.abc import Iterator
from math import inf
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
from rrm_queue.coordinator import service, settling
from rrm_queue.coordinator.ports import Broker
from rrm_queue.coordinator.recover import Recovery, recover
from rrm_queue.coordinator.service import Coordinator
from rrm_queue.coordinator.settling import Settling
from rrm_queue.domain import BatchId, JobId, JobState
from rrm_queue.local.stack import LocalStack
from rrm_queue.local.valkey import Valkey
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.schema import upgrade

LEASE = 4


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[LocalStack]:
    """Servers of the test's own, which it may stop."""
    stack = LocalStack(tmp_path / "home")
    try:
        yield stack
    finally:
        stack.down()


class Searches:
    """The coordinator's searches for lost batches, which are made all the same.

    `clock` is that by which it knows how long ago an outage was. It stands still until the test
    moves it on.
    """

    def __init__(self) -> None:
        self.clock = 0.0
        self.outages = 0
        self.made: list[bool] = []
        """Of each search that came to its end: whether missing leases were to prove something."""

    def settling(self) -> Settling:
        searches = self

        class Noted(Settling):
            def unsettle(self) -> None:
                super().unsettle()
                searches.outages += 1

        return Noted((lambda: self.clock,))

    def recover(self, database: Database, broker: Broker, *, settled: bool) -> Recovery:
        found = recover(database, broker, settled=settled)
        self.made.append(settled)
        return found

    def until_settled(self) -> None:
        """Moves the clock on until a missing lease proves something."""

        def looks() -> bool:
            self.clock += settling.SETTLE
            return self._made_since(before, settled=True)

        before = len(self.made)
        eventually(looks, "it looks for lost batches")

    def until_unsettled(self) -> None:
        """Returns once a search was made in which a missing lease proves nothing."""
        before = len(self.made)
        eventually(
            lambda: self._made_since(before, settled=False), "it looks while nothing is sure"
        )

    def _made_since(self, before: int, *, settled: bool) -> bool:
        return self.made[before:].count(settled) > 1  # the first one may have begun before


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> Searches:
    searches = Searches()
    monkeypatch.setattr(settling, "LONGEST_TURN", inf)  # the clock moves in leaps
    monkeypatch.setattr(service, "Settling", searches.settling)
    monkeypatch.setattr(service, "recover", searches.recover)
    return searches


@pytest.mark.slow
def test_no_batch_is_given_up_after_an_outage_of_both_servers(
    stack: LocalStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, searches: Searches
) -> None:
    monkeypatch.setattr(leases, "LEASE_SECONDS", LEASE)
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
    place = (JobId(batch.job), BatchId(batch.batch))
    gone, away = Event(), Event()

    def live() -> None:
        """A worker that renews its lease as long as the broker answers."""
        worker = WorkerLeases(redis_client(addresses.broker_url, timeout=1), "alive")
        while not gone.wait(0.5):
            if away.is_set():
                continue
            try:
                worker.renew([place])
            except RedisError:
                continue

    def held() -> bool:
        return broker.holders([place])[place[1]] is not None

    worker = Thread(target=live)
    worker.start()
    try:
        eventually(held, "the worker holds the batch")
        searches.until_settled()
        away.set()
        before = searches.outages
        kill_servers(tmp_path / "home")
        time.sleep(LEASE + 2)
        eventually(lambda: searches.outages > before, "the coordinator knows of the outage")
        Valkey(tmp_path / "home", None).ensure()  # first, so that the loop meets no broker away
        assert stack.ensure_services() == addresses
        eventually(lambda: not held(), "the lease has lapsed")
        searches.until_unsettled()
        away.clear()
        eventually(held, "the worker has reached the broker again")
        searches.until_settled()
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
