"""A coordinator's metrics, scraped while it works; and that they can stop nothing."""

import re
import urllib.request

import pytest
from kit.jobs import QUEUE, judged, lines, received, submit_file
from kit.waiting import PATIENCE, eventually
from prometheus_client import generate_latest
from rrm_worker.engine_process import free_port

from rrm_queue.broker.client import BrokerClient
from rrm_queue.coordinator.metrics import Metrics
from rrm_queue.coordinator.observer import Observer
from rrm_queue.coordinator.service import Coordinator
from rrm_queue.domain import JobId, JobState
from rrm_queue.store.database import Database
from rrm_queue.store.views import jobs as store_jobs


def figure(scraped: str, name: str) -> float | None:
    found = re.search(rf"^{re.escape(name)} (\S+)$", scraped, re.MULTILINE)
    return None if found is None else float(found[1])


def state(database: Database, job: JobId) -> JobState:
    with database.begin() as tx:
        return store_jobs.view_job(tx, job).state


def test_the_figures_move_with_the_work(database: Database, broker: BrokerClient) -> None:
    metrics, port = Metrics(), free_port()
    metrics.serve("127.0.0.1", port)

    def scraped() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as answer:
            return str(answer.read().decode())

    def shows(name: str, value: float) -> None:
        eventually(lambda: figure(scraped(), name) == value, f"{name} is {value}")

    submit_file(database, lines([64, 64, 64]))
    coordinator = Coordinator(database, broker, observer=metrics)
    coordinator.start()
    try:
        shows(f'rrmq_queue_matches_out{{queue="{QUEUE}"}}', 64)
        shows(f'rrmq_queue_messages{{queue="{QUEUE}"}}', 1)
        assert figure(scraped(), f'rrmq_queue_matches_ready{{queue="{QUEUE}"}}') == 0
        assert (figure(scraped(), "rrmq_dispatch_seconds_count") or 0) > 0
        (batch,) = received(broker)
        broker.send_outcomes(judged(batch))
        shows("rrmq_matches_recorded_total", 64)
        shows("rrmq_votes_recorded_total", 64)
        shows("rrmq_matches_failed_total", 0)
        shows("rrmq_record_seconds_count", 1)
    finally:
        coordinator.stop()
        coordinator.join()


def test_queues_and_batches_that_are_gone_are_shown_no_more() -> None:
    metrics = Metrics()
    metrics.looked({"q": 3}, unrecorded=2)
    assert 'rrmq_queue_messages{queue="q"} 3.0' in generate_latest(metrics.registry).decode()
    metrics.looked({}, unrecorded=0)
    shown = generate_latest(metrics.registry).decode()
    assert 'queue="q"' not in shown
    assert figure(shown, "rrmq_inbox_batches") == 0


class Broken(Observer):
    """Fails whatever it is told."""

    def dispatched(self, *_: object) -> None:
        raise ArithmeticError("dispatched")

    def recorded(self, *_: object) -> None:
        raise ArithmeticError("recorded")

    def looked(self, *_: object) -> None:
        raise ArithmeticError("looked")


def test_an_observer_that_fails_stops_no_turn(
    database: Database, broker: BrokerClient, caplog: pytest.LogCaptureFixture
) -> None:
    job = submit_file(database, lines([4]))
    coordinator = Coordinator(database, broker, observer=Broken())
    coordinator.start()

    def judge() -> bool:
        for batch in received(broker):
            broker.send_outcomes(judged(batch))
        return state(database, job) is JobState.SUCCEEDED

    try:
        eventually(judge, "the job has succeeded")
    finally:
        coordinator.stop()
        coordinator.join()
    assert "turn of the coordinator failed" not in caplog.text
    assert caplog.text.count("metrics could not be updated: dispatched") <= 1
