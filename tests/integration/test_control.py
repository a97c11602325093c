"""Pause, resume, cancel, retry, delete: what they do to a job."""

from collections.abc import Callable

import pytest
from kit.jobs import delete, judged, lines, play, received, record_waiting, submit_file

from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.leases import WorkerLeases, stopped_key
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.coordinator.recover import recover
from rrm_queue.domain import JobId, JobState, Verdict, Vote
from rrm_queue.messages import Failure, JudgeBatch, MatchReport, Outcomes
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.queue import control
from rrm_queue.store.queue.control import Retried
from rrm_queue.store.views import jobs as store_jobs
from rrm_queue.views.jobs import JobView


def view(database: Database, job: JobId) -> JobView:
    with database.begin() as tx:
        return store_jobs.view_job(tx, job)


def failing(batch: JudgeBatch, *, refused: bool = False, but: str = "") -> Outcomes:
    """A judge that fails at every question but one."""
    failure = Failure("no luck", transient=False, refused=refused)
    good = {report.match: report for report in judged(batch).matches}
    reports = [
        good[m.match]
        if batch.questions[m.question].tournament == but
        else MatchReport(m.match, [], failure)
        for m in batch.matches
    ]
    return batch.outcomes("test", reports)


def test_a_paused_job_sends_nothing_and_keeps_what_comes(
    database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([8, 8]))
    dispatch(database, broker)
    with database.begin() as tx:
        assert control.pause_job(tx, job)
        assert not control.pause_job(tx, job)
    for batch in received(broker):
        record(database, judged(batch))
    assert dispatch(database, broker) == 0
    paused = view(database, job)
    assert (paused.state, paused.matches_done) == (JobState.PAUSED, 8)
    with database.begin() as tx:
        assert control.resume_job(tx, job)
        assert not control.resume_job(tx, job)
    play(database, broker)
    assert view(database, job).state is JobState.SUCCEEDED


def test_a_job_paused_before_it_began_is_queued_again(database: Database) -> None:
    job = submit_file(database, lines([2]))
    with database.begin() as tx:
        control.pause_job(tx, job)
        control.resume_job(tx, job)
    assert view(database, job).state is JobState.QUEUED


def test_workers_are_told_again_while_batches_of_a_stopped_job_are_out(
    database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([8]))
    dispatch(database, broker)
    recover(database, broker, settled=True)
    assert broker.client.get(stopped_key(job)) is None
    with database.begin() as tx:
        control.pause_job(tx, job)
    recover(database, broker, settled=True)
    worker = WorkerLeases(broker.client, "worker")
    assert worker.stopped([job, "another"]) == {job}
    broker.unstop(job)
    assert worker.stopped([job]) == set()


def test_a_judge_that_turns_the_job_away_pauses_it_and_nothing_fails(
    database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([8]))
    dispatch(database, broker)
    for batch in received(broker):
        record(database, failing(batch, refused=True))
    paused = view(database, job)
    assert (paused.state, paused.note) == (JobState.PAUSED, "no luck")
    with database.begin() as tx:
        assert set(tx.scalars(text("SELECT attempt FROM matches"))) == {0}
        control.resume_job(tx, job)
    assert view(database, job).note is None
    play(database, broker)
    assert view(database, job).state is JobState.SUCCEEDED


def test_what_failed_is_tried_again_and_nothing_else(
    database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([8, 4, 4]))
    dispatch(database, broker)
    for batch in received(broker):
        record(database, failing(batch, but="t2"))
    play(database, broker)
    before = view(database, job)
    assert (before.state, before.tournaments_failed, before.matches_failed) == (
        JobState.PARTIAL,
        2,
        6,
    )
    with database.begin() as tx:
        assert control.retry_job(tx, job) == Retried(2, 6)
        assert control.retry_job(tx, job) == Retried(0, 0)
    assert view(database, job).finished_at is None
    play(database, broker)
    after = view(database, job)
    assert (after.state, after.tournaments_done, after.tournaments_failed) == (
        JobState.SUCCEEDED,
        3,
        0,
    )
    assert (after.matches_done, after.matches_failed, after.votes) == (13, 0, 13)


def test_a_vote_that_failed_its_match_is_cast_anew(
    database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([2]), voting={"on_no_verdict": "fail"})
    dispatch(database, broker)
    for batch in received(broker):
        reports = [MatchReport(m.match, [Vote(1, Verdict.NONE)]) for m in batch.matches]
        record(database, batch.outcomes("test", reports))
    assert view(database, job).state is JobState.FAILED
    with database.begin() as tx:
        control.retry_job(tx, job)
    play(database, broker)
    after = view(database, job)
    assert (after.state, after.votes) == (JobState.SUCCEEDED, 1)


@pytest.mark.parametrize("act", [control.pause_job, control.resume_job, control.retry_job])
def test_a_cancelled_job_stays_cancelled(
    database: Database, broker: BrokerClient, act: Callable[[Transaction, JobId], object]
) -> None:
    job = submit_file(database, lines([2]))
    dispatch(database, broker)
    for batch in received(broker):
        record(database, failing(batch))
    other = submit_file(database, lines([2]), id="other", anew=True)
    with database.begin() as tx:
        assert control.cancel_job(tx, other)
        act(tx, other)
    assert view(database, other).state is JobState.CANCELLED
    assert view(database, job).state is JobState.FAILED


TABLES = ("jobs", "tournaments", "candidates", "matches", "votes", "standings", "batches")


def rows(database: Database) -> dict[str, int]:
    with database.begin() as tx:
        return {t: int(tx.scalar(text(f"SELECT count(*) FROM {t}")) or 0) for t in TABLES}  # noqa: S608


def test_a_deleted_job_leaves_nothing_and_takes_nothing_of_others(
    database: Database, broker: BrokerClient
) -> None:
    other = submit_file(database, lines([4, 8]), id="other")
    play(database, broker)
    before = rows(database)
    job = submit_file(database, lines([4, 9]), id="job")
    play(database, broker)
    assert delete(database, job)
    assert not delete(database, job)
    assert rows(database) == before
    assert view(database, other).votes == 10


@pytest.mark.parametrize("state", ["queued", "running", "paused"])
def test_a_job_that_has_not_ended_is_not_deleted(database: Database, state: str) -> None:
    job = submit_file(database, lines([4]))
    with database.begin() as tx:
        tx.execute(text("UPDATE jobs SET state = :state"), {"state": state})
    assert not delete(database, job)
    assert view(database, job).state == state


def test_outcomes_of_a_deleted_job_are_dropped(database: Database, broker: BrokerClient) -> None:
    job = submit_file(database, lines([4]))
    dispatch(database, broker)
    for batch in received(broker):
        broker.send_outcomes(judged(batch))
    with database.begin() as tx:
        control.cancel_job(tx, job)
    assert delete(database, job)
    record_waiting(database, broker)
    assert set(rows(database).values()) == {0}
    assert recover(database, broker, settled=True).lost == {}
