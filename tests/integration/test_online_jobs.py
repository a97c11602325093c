"""Jobs that somebody waits for go before all others, and none of them starves.

The coordinator's own functions on a real store, and the workers' own transport on a real broker;
the test judges in the worker's place.
"""

from collections.abc import Iterator

import pytest
from kit.jobs import QUEUE, job_of, judged, lines, record_waiting, submit_file
from kit.waiting import PATIENCE
from kombu.connection import Connection
from kombu.entity import Queue
from kombu.message import Message
from kombu.messaging import Consumer

from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.leases import WorkerLeases
from rrm_queue.broker.transport import ONLINE_TURNS
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.losses import GRACE
from rrm_queue.coordinator.recover import recover
from rrm_queue.domain import Candidate, JobId, JobState, Tournament
from rrm_queue.domain.queues import ONLINE_PRIORITY, online_queue
from rrm_queue.messages import JudgeBatch, decode
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.queue import appending
from rrm_queue.store.views.jobs import view_job
from rrm_queue.views.jobs import JobView

BATCH, ONLINE = JobId("0123456789ab"), JobId("ba9876543210")
CAPACITY = 16
WINDOW = 2 * CAPACITY
PAIRS = 6
"""Matches of a group of four."""

AGE = text("UPDATE batches SET sent_at = sent_at - :seconds * interval '1 second'")


@pytest.fixture
def backlog(database: Database, broker: BrokerClient) -> JobId:
    """A job of a file whose matches fill the window of one worker, beside an open online job."""
    announce(broker)
    submit_file(database, lines([8] * 2), strategy="elo")
    with database.begin() as tx:
        online = job_of(id=ONLINE, open=True, strategy="elo", priority=ONLINE_PRIORITY)
        appending.open_job(tx, online, None)
    assert dispatch(database, broker) == WINDOW
    assert dispatch(database, broker) == 0
    return BATCH


def announce(broker: BrokerClient) -> None:
    """One live worker, which knows of online jobs."""
    capacities = {online_queue(QUEUE): CAPACITY, QUEUE: CAPACITY}
    WorkerLeases(broker.client, "me").announce(capacities)


def ask(database: Database, number: int) -> None:
    """Adds a group of four answers to the online job."""
    answers = tuple(Candidate(f"c{place}", f"It is {place}.") for place in range(4))
    group = Tournament(f"g{number}", "Which is largest?", answers, 0, reference="3")
    with database.begin() as tx:
        job = appending.read_open_job(tx, ONLINE)
        appending.append(tx, ONLINE, job.seed, [group])
        appending.count_appended(tx, ONLINE, 1, 4)


@pytest.fixture
def messages(broker: BrokerClient) -> Iterator[Iterator[JudgeBatch]]:
    """The batches in the order in which a worker takes them; it ends where none waits."""
    with broker.app.connection_for_read() as connection:
        yield taken(connection, broker)


def taken(connection: Connection, broker: BrokerClient) -> Iterator[JudgeBatch]:
    found: list[JudgeBatch] = []

    def take(message: Message) -> None:
        arguments, _, _ = message.payload
        found.append(decode(arguments[0], JudgeBatch))
        message.ack()

    queues = [Queue(name) for name in (online_queue(QUEUE), QUEUE)]
    with Consumer(connection, queues, on_message=take, prefetch_count=1) as consumer:
        consumer.qos(prefetch_count=1)
        while True:
            while not found:
                if not any(broker.waiting(queue.name) for queue in queues):
                    return
                connection.drain_events(timeout=PATIENCE)
            yield found.pop(0)


def test_a_group_is_sent_though_a_backlog_fills_the_window(
    database: Database, broker: BrokerClient, backlog: JobId, messages: Iterator[JudgeBatch]
) -> None:
    ask(database, 1)
    assert dispatch(database, broker) == PAIRS
    assert broker.waiting(QUEUE) > 0
    jobs = [batch.job for batch in messages]
    of_group = jobs.count(ONLINE)
    assert of_group > 0
    assert jobs == [ONLINE] * of_group + [backlog] * (len(jobs) - of_group)


def test_a_backlog_goes_on_while_groups_come_without_end(
    database: Database, broker: BrokerClient, backlog: JobId, messages: Iterator[JudgeBatch]
) -> None:
    in_a_row, longest, groups = 0, 0, 0
    while view(database, backlog).state is not JobState.SUCCEEDED:
        announce(broker)  # else its presence lapses
        while not broker.waiting(online_queue(QUEUE)):  # there is always one
            groups += 1
            assert groups < 500, "the backlog does not end"
            ask(database, groups)
            dispatch(database, broker)
        batch = next(messages)
        in_a_row = in_a_row + 1 if batch.job == ONLINE else 0
        longest = max(longest, in_a_row)
        broker.send_outcomes(judged(batch))
        record_waiting(database, broker)
        dispatch(database, broker)
    assert longest == ONLINE_TURNS
    assert view(database, ONLINE).tournaments_done > 10


def test_workers_of_the_version_before_get_groups_in_the_queue_that_they_know(
    database: Database, broker: BrokerClient
) -> None:
    WorkerLeases(broker.client, "old").announce({QUEUE: CAPACITY})
    with database.begin() as tx:
        online = job_of(id=ONLINE, open=True, strategy="elo", priority=ONLINE_PRIORITY)
        appending.open_job(tx, online, None)
    ask(database, 1)
    assert dispatch(database, broker) == PAIRS
    assert broker.waiting(online_queue(QUEUE)) == 0
    assert broker.waiting(QUEUE) > 0


def test_groups_that_only_newer_workers_could_take_are_sent_again_to_the_others(
    database: Database, broker: BrokerClient, backlog: JobId
) -> None:
    ask(database, 1)
    assert dispatch(database, broker) == PAIRS
    leases = WorkerLeases(broker.client, "me")
    leases.withdraw([online_queue(QUEUE), QUEUE])
    leases.announce({QUEUE: 4 * CAPACITY})
    with database.begin() as tx:
        tx.execute(AGE, {"seconds": 2 * GRACE})
    before = broker.waiting(QUEUE)
    assert recover(database, broker, settled=True).lost
    dispatch(database, broker)
    assert broker.waiting(QUEUE) > before


def view(database: Database, job: JobId) -> JobView:
    with database.begin() as tx:
        return view_job(tx, job)
