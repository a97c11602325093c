"""An outcome is a claim: what does not fit its batch is dropped, the rest is kept."""

import logging
from collections.abc import Sequence
from typing import Any

import pytest
from kit.jobs import QUEUE, judged, lines, received, record_waiting, submit_file
from kit.paid_votes import PAID, Worker, sent, view
from msgspec import structs

from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.leases import capacity_key, workers_key
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.domain import JobId, JobState, Verdict, Vote
from rrm_queue.messages import Failure, JudgeBatch, MatchReport, Outcomes
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database


def votes_of(database: Database) -> list[tuple[Any, ...]]:
    with database.begin() as tx:
        rows = tx.execute(text("SELECT match_id, number, verdict FROM votes ORDER BY 1, 2"))
        return [tuple(row) for row in rows]


def states(database: Database, job: str) -> Sequence[str]:
    with database.begin() as tx:
        return tx.scalars(
            text("SELECT state FROM matches WHERE job_id = :job ORDER BY id"), {"job": job}
        ).all()


def two_jobs(database: Database, broker: BrokerClient) -> tuple[JudgeBatch, JudgeBatch]:
    """The batches of two jobs of three matches each."""
    submit_file(database, lines([2, 2, 2]), id="a", anew=True)
    submit_file(database, lines([2, 2, 2]), id="b", anew=True)
    dispatch(database, broker)
    one, two = sorted(received(broker), key=lambda batch: batch.job)
    return one, two


def one_batch(database: Database, broker: BrokerClient) -> JudgeBatch:
    dispatch(database, broker)
    (batch,) = received(broker)
    return batch


@pytest.mark.parametrize("batch", ["unknown", "of the named job", "of the matches' job"])
def test_a_flush_that_names_another_job_changes_nothing_and_ends_no_job(
    database: Database, broker: BrokerClient, batch: str
) -> None:
    a, b = two_jobs(database, broker)
    reports = judged(b).matches
    of = {
        "unknown": Outcomes(999_999, a.job, "liar", reports),
        "of the named job": a.outcomes("liar", reports),
        "of the matches' job": Outcomes(b.batch, a.job, "liar", reports, b.token),
    }
    broker.send_outcomes(of[batch])
    assert record_waiting(database, broker) == 1
    for job in (a.job, b.job):
        seen = view(database, JobId(job))
        assert (seen.state, seen.matches_done, seen.votes) == (JobState.RUNNING, 0, 0)
        assert states(database, job) == ["out"] * 3
    assert votes_of(database) == []
    for right in (a, b):
        record(database, judged(right))
        assert view(database, JobId(right.job)).state is JobState.SUCCEEDED


@pytest.mark.parametrize("token", ["", "0" * 32])
def test_a_flush_without_its_batchs_token_is_dropped(
    database: Database, broker: BrokerClient, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    job = submit_file(database, lines([2]))
    batch = one_batch(database, broker)
    assert len(batch.token) == 32
    with caplog.at_level(logging.WARNING):
        record(database, structs.replace(judged(batch), token=token))
    assert (states(database, job), votes_of(database)) == (["out"], [])
    assert len(caplog.records) == 1
    assert "without their batch's token" in caplog.text
    assert batch.token not in caplog.text


def test_each_batch_has_a_token_of_its_own(database: Database, broker: BrokerClient) -> None:
    a, b = two_jobs(database, broker)
    assert a.token != b.token
    with database.begin() as tx:
        stored = tx.execute(text("SELECT token, matches FROM batches ORDER BY job_id")).all()
    assert [(row.token, sorted(row.matches)) for row in stored] == [
        (batch.token, sorted(match.match for match in batch.matches)) for batch in (a, b)
    ]


def test_only_votes_that_the_job_asks_for_are_kept(
    database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([2, 2]))
    batch = one_batch(database, broker)
    one, two = (match.match for match in batch.matches)
    odd = [Vote(number, Verdict.SECOND, number % 2 == 0) for number in (7, 1000, -3, 0, 2)]
    twice = [Vote(1, Verdict.FIRST), Vote(1, Verdict.SECOND)]
    turned = [Vote(1, Verdict.FIRST, swapped=True)]
    reports = [MatchReport(one, odd + twice), MatchReport(two, turned)]
    record(database, batch.outcomes("liar", reports))
    seen = view(database, job)
    assert votes_of(database) == [(one, 1, "first")]
    assert (seen.matches_done, seen.votes, seen.tournaments_done) == (1, 1, 1)
    assert states(database, job) == ["done", "ready"]


def test_a_tie_of_a_judge_that_writes_is_dropped(database: Database, broker: BrokerClient) -> None:
    job = submit_file(database, lines([2]), **PAID)
    dispatch(database, broker)
    (batch,) = sent(broker)
    (report,) = Worker().judge(batch).matches
    tie = structs.replace(report.votes[0], verdict=Verdict.TIE)
    record(database, batch.outcomes("liar", [MatchReport(report.match, [tie])]))
    assert (states(database, job), votes_of(database)) == (["ready"], [])


def test_a_failure_of_another_jobs_match_fails_nothing(
    database: Database, broker: BrokerClient
) -> None:
    a, b = two_jobs(database, broker)
    refused = Failure("401", transient=False, refused=True)
    lost = Failure("no luck", transient=False)
    theirs = [match.match for match in b.matches]
    reports = [MatchReport(theirs[0], [], refused), MatchReport(theirs[1], [], lost)]
    record(database, a.outcomes("liar", reports))
    assert states(database, b.job) == ["out"] * 3
    assert [view(database, JobId(job)).note for job in (a.job, b.job)] == [None, None]


def test_late_outcomes_of_a_batch_that_was_given_up_count_for_what_it_carried(
    database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([2, 2]))
    batch = one_batch(database, broker)
    with database.begin() as tx:
        tx.execute(text("UPDATE batches SET state = 'lost'"))
        tx.execute(text("UPDATE matches SET state = 'ready', batch_id = NULL"))
    record(database, judged(batch))
    assert view(database, job).state is JobState.SUCCEEDED


def test_a_batch_of_the_version_before_takes_what_is_of_its_job(
    database: Database, broker: BrokerClient
) -> None:
    a, b = two_jobs(database, broker)
    with database.begin() as tx:
        tx.execute(text("UPDATE batches SET token = NULL, matches = NULL"))
    mixed = [*judged(a).matches, *judged(b).matches, MatchReport(2**63, [])]
    record(database, Outcomes(a.batch, a.job, "old", mixed))
    assert view(database, JobId(a.job)).state is JobState.SUCCEEDED
    assert states(database, b.job) == ["out"] * 3


def test_no_token_is_asked_for_while_a_worker_of_the_version_before_lives(
    database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([2]))
    seconds, _ = broker.client.time()
    broker.client.zadd(workers_key(QUEUE), {"old": seconds})
    broker.client.hset(capacity_key(QUEUE), "old", "8")
    batch = one_batch(database, broker)
    assert batch.token == ""
    record(database, judged(batch))
    assert view(database, job).state is JobState.SUCCEEDED
