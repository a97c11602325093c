"""Small jobs of one judge share messages: each keeps its own batch, lease, pause, limit and end.

The coordinator's own functions on a real store and broker; the test judges in the worker's place.
"""

from collections.abc import Sequence

import pytest
from kit.jobs import QUEUE, delete, judged, lines, play, received, record_waiting, submit_file
from kit.statements import asked_statements
from msgspec import structs, to_builtins

from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.leases import LEASE_SECONDS, WorkerLeases, lease_key, sharing_key
from rrm_queue.coordinator.batching import together
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.losses import Loss
from rrm_queue.coordinator.record import record_group
from rrm_queue.coordinator.recover import recover
from rrm_queue.domain import BatchId, JobId, JobState, Price
from rrm_queue.messages import JudgeBatch
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.queue.control import cancel_job, pause_job, resume_job
from rrm_queue.store.views.jobs import view_job
from rrm_queue.views.jobs import JobView

CAPACITY = 64
JOBS = 6

AGE = text("UPDATE batches SET seen_at = seen_at - interval '2 minutes'")


@pytest.fixture
def jobs(database: Database, broker: BrokerClient) -> list[JobId]:
    """Jobs of one match each, and a worker that reads shared messages."""
    WorkerLeases(broker.client, "me").announce({QUEUE: CAPACITY})
    return submit_many(database, JOBS)


def submit_many(database: Database, count: int, **options: object) -> list[JobId]:
    """Jobs of one match each."""
    return [
        submit_file(database, lines([2]), id=f"job{n:09}", anew=True, **options)
        for n in range(count)
    ]


def view(database: Database, job: JobId) -> JobView:
    with database.begin() as tx:
        return view_job(tx, job)


def states(database: Database, jobs: Sequence[JobId]) -> list[JobState]:
    return [view(database, job).state for job in jobs]


def sent(database: Database, broker: BrokerClient) -> list[JudgeBatch]:
    """What a turn sends, taken out of the queue."""
    dispatch(database, broker)
    return list(received(broker))


def test_jobs_of_one_match_share_a_message_and_are_recorded_together(
    database: Database, broker: BrokerClient, jobs: list[JobId]
) -> None:
    assert dispatch(database, broker) == JOBS
    assert broker.waiting(QUEUE) == 1
    batches = list(received(broker))
    assert [batch.job for batch in batches] == jobs
    assert len({batch.token for batch in batches}) == JOBS
    (group,) = together(map(judged, batches))
    assert record_group(database, group).counts.matches_done == JOBS
    assert states(database, jobs) == [JobState.SUCCEEDED] * JOBS
    assert [view(database, job).votes for job in jobs] == [1] * JOBS
    assert record_group(database, group).counts.matches_done == 0, "a repeat changes nothing"


def test_while_a_worker_of_the_version_before_lives_every_job_has_its_own_messages(
    database: Database, broker: BrokerClient, jobs: list[JobId]
) -> None:
    WorkerLeases(broker.client, "old").announce({QUEUE: CAPACITY})
    broker.client.srem(sharing_key(QUEUE), "old")
    assert dispatch(database, broker) == JOBS
    assert broker.waiting(QUEUE) == JOBS


def test_the_statements_of_a_turn_do_not_grow_with_its_jobs(
    database: Database, broker: BrokerClient, jobs: list[JobId]
) -> None:
    few = statements(database, broker)
    for job in jobs:
        with database.begin() as tx:
            cancel_job(tx, job)
        assert delete(database, job)
    submit_many(database, 50)
    assert statements(database, broker) <= few + 2


def statements(database: Database, broker: BrokerClient) -> int:
    """How many a turn takes that sends something."""
    with asked_statements() as asked:
        assert dispatch(database, broker) > 0
    return len(asked)


def test_a_cancelled_job_ends_alone(
    database: Database, broker: BrokerClient, jobs: list[JobId]
) -> None:
    batches = sent(database, broker)
    with database.begin() as tx:
        cancel_job(tx, jobs[2])
    assert recover(database, broker, settled=True).lost == {}
    leases = WorkerLeases(broker.client, "me")
    assert leases.stopped(jobs) == {jobs[2]}
    group = [judged(batch) for batch in batches if batch.job != jobs[2]]
    assert record_group(database, group).counts.matches_done == JOBS - 1
    expected = [JobState.SUCCEEDED] * JOBS
    expected[2] = JobState.CANCELLED
    assert states(database, jobs) == expected


def test_a_deleted_job_takes_nothing_of_the_others_with_it(
    database: Database, broker: BrokerClient, jobs: list[JobId]
) -> None:
    batches = sent(database, broker)
    with database.begin() as tx:
        cancel_job(tx, jobs[0])
    assert delete(database, jobs[0])
    assert record_group(database, list(map(judged, batches))).left == []
    assert states(database, jobs[1:]) == [JobState.SUCCEEDED] * (JOBS - 1)


def test_a_paused_job_keeps_what_was_paid_for_and_goes_on_later(
    database: Database, broker: BrokerClient, jobs: list[JobId]
) -> None:
    batches = sent(database, broker)
    with database.begin() as tx:
        pause_job(tx, jobs[1])
    returned = [
        structs.replace(outcomes, matches=[structs.replace(r, votes=[]) for r in outcomes.matches])
        if outcomes.job == jobs[1]
        else outcomes
        for outcomes in map(judged, batches)
    ]
    record_group(database, returned)
    assert view(database, jobs[1]).ready == 1
    assert sent(database, broker) == []
    with database.begin() as tx:
        resume_job(tx, jobs[1])
    (again,) = sent(database, broker)
    assert again.job == jobs[1]
    record_group(database, [judged(again)])
    assert states(database, jobs) == [JobState.SUCCEEDED] * JOBS


SPEND = text("UPDATE jobs SET completion_tokens = 1000000, matches_done = 1 WHERE id = :job")


def test_a_job_whose_limit_is_spent_is_paused_and_the_others_are_sent(
    database: Database, broker: BrokerClient, jobs: list[JobId]
) -> None:
    spent = submit_file(
        database,
        lines([2] * 3),
        id="spent",
        anew=True,
        max_cost=1.0,
        price=to_builtins(Price(1.0, 10.0)),
    )
    with database.begin() as tx:
        tx.execute(SPEND, {"job": spent})
    assert {batch.job for batch in sent(database, broker)} == {*jobs}
    job = view(database, spent)
    assert job.state is JobState.PAUSED
    assert job.note is not None
    assert "it has cost 10" in job.note


def test_all_of_a_killed_workers_message_is_sent_again_with_an_attempt_each(
    database: Database, broker: BrokerClient, jobs: list[JobId]
) -> None:
    batches = sent(database, broker)
    leases = WorkerLeases(broker.client, "me")
    held = [(JobId(batch.job), BatchId(batch.batch)) for batch in batches]
    assert leases.renew(held) == set()
    recover(database, broker, settled=True)
    broker.client.delete(*(lease_key(*one) for one in held))  # as after LEASE_SECONDS
    assert LEASE_SECONDS < 120
    with database.begin() as tx:
        tx.execute(AGE)
    lost = recover(database, broker, settled=True).lost
    assert lost == dict.fromkeys((batch for _, batch in held), Loss.WORKER)
    again = sent(database, broker)
    assert [batch.job for batch in again] == jobs
    late = [judged(batch) for batch in batches]  # they are paid for, and recorded all the same
    assert record_group(database, late).counts.matches_done == JOBS
    assert record_group(database, list(map(judged, again))).counts.matches_done == 0
    assert [view(database, job).votes for job in jobs] == [1] * JOBS


def test_a_flush_reports_nothing_of_another_job_that_shares_its_message(
    database: Database, broker: BrokerClient, jobs: list[JobId]
) -> None:
    one, other, *_ = map(judged, sent(database, broker))
    forged = structs.replace(one, matches=[*one.matches, *other.matches])
    assert record_group(database, [forged]).counts.matches_done == 1
    assert states(database, jobs)[:2] == [JobState.SUCCEEDED, JobState.RUNNING]
    renamed = structs.replace(other, job=one.job)
    assert record_group(database, [renamed]).counts.matches_done == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_order_and_repetition_each_job_ends_with_its_own_matches(
    database: Database, broker: BrokerClient, jobs: list[JobId], seed: int
) -> None:
    larger = [
        submit_file(database, lines([3, 2]), id=f"larger{n}", anew=True, strategy="elo")
        for n in range(4)
    ]
    play(database, broker, chaos=seed)
    record_waiting(database, broker)
    assert states(database, [*jobs, *larger]) == [JobState.SUCCEEDED] * (JOBS + 4)
    assert [view(database, job).votes for job in jobs] == [1] * JOBS
    assert [view(database, job).votes for job in larger] == [4] * 4
