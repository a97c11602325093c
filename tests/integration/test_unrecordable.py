"""What cannot be recorded as it came: of another version, of another's job, or refused."""

import json
from collections.abc import Sequence

import msgspec
import pytest
from kit.jobs import judged, lines, play, received, record_waiting, submit_file, waiting_flushes
from kit.paid_votes import PAID, Worker, sent, view

from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.inbox import inbox_key
from rrm_queue.coordinator import plan
from rrm_queue.coordinator.batching import BATCH_TEXT
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record, record_group
from rrm_queue.domain import BatchId, JobId, JobState, MatchId, NoVerdict, Verdict, Vote
from rrm_queue.messages import Failure, JudgeBatch, MatchReport, Outcomes, encode
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.queue import control, recording


def count_votes(database: Database) -> int:
    with database.begin() as tx:
        return int(tx.scalar(text("SELECT count(*) FROM votes")) or 0)


def one_batch(database: Database, broker: BrokerClient, job: JobId) -> JudgeBatch:
    dispatch(database, broker)
    (batch,) = received(broker)
    assert batch.job == job
    return batch


def test_outcomes_of_a_newer_version_stay_where_they_lie(
    database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([2]))
    batch = one_batch(database, broker, job)
    newer = msgspec.msgpack.decode(encode(judged(batch))) | {"type": "rrmq.outcomes.9"}
    key = inbox_key(job, batch.batch)
    broker.client.hset(key, "flush", msgspec.msgpack.encode(newer))
    broker.relist([(job, BatchId(batch.batch))])
    assert record_waiting(database, broker) == 1
    assert waiting_flushes(broker, job, batch.batch) == {"flush"}


@pytest.mark.parametrize("change", ["strategy = 'newer'", 'voting = \'{"order": "newer"}\''])
def test_outcomes_of_a_job_of_another_version_stay_and_no_other_job_waits(
    database: Database, broker: BrokerClient, change: str
) -> None:
    job = submit_file(database, lines([2]))
    batch = one_batch(database, broker, job)
    with database.begin() as tx:
        tx.execute(text(f"UPDATE jobs SET {change}"))  # noqa: S608
    broker.send_outcomes(judged(batch))
    assert record_waiting(database, broker) == 1
    assert len(waiting_flushes(broker, job, batch.batch)) == 1
    other = submit_file(database, lines([4]), id="other")
    play(database, broker)
    assert view(database, other).state is JobState.SUCCEEDED


@pytest.mark.parametrize(("number", "match"), [(1, 2**63), (2**63, 1)])
def test_what_cannot_even_fail_keeps_no_other_outcomes_waiting(
    database: Database, broker: BrokerClient, number: int, match: int
) -> None:
    job = submit_file(database, lines([2]))
    batch = one_batch(database, broker, job)
    odd = Outcomes(number, job, "stranger", [MatchReport(match, [])])
    broker.client.hset(inbox_key(job, 1000), "flush", encode(odd))
    broker.relist([(job, BatchId(1000))])
    broker.send_outcomes(judged(batch))
    assert record_waiting(database, broker) == 2
    assert view(database, job).state is JobState.SUCCEEDED
    assert not waiting_flushes(broker, job, batch.batch)


def test_a_match_whose_plan_fails_keeps_its_votes(
    database: Database, broker: BrokerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit_file(database, lines([2]))
    batch = one_batch(database, broker, job)

    def broken(_tx: object, finished: list[object]) -> list[object]:
        if finished:
            raise ArithmeticError("no such number")
        return []

    monkeypatch.setattr(plan, "_close", broken)
    record_group(database, [judged(batch)])
    ended = view(database, job)
    assert (ended.state, ended.matches_failed, ended.votes) == (JobState.FAILED, 1, 1)
    assert count_votes(database) == 1
    monkeypatch.undo()
    with database.begin() as tx:
        assert control.retry_job(tx, job).matches == 1
    assert dispatch(database, broker) == 1, "decided by the vote that it has"
    assert view(database, job).state is JobState.SUCCEEDED


def test_late_votes_of_a_failed_match_are_kept_for_its_retry(
    database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([2]), **PAID)
    dispatch(database, broker)
    (batch,) = sent(broker)
    failure = MatchReport(batch.matches[0].match, [], Failure("no luck", transient=False))
    record(database, batch.outcomes("a", [failure]))
    record(database, Worker().judge(batch))
    assert (view(database, job).state, count_votes(database)) == (JobState.FAILED, 1)
    with database.begin() as tx:
        control.retry_job(tx, job)
    assert Worker().play(database, broker) == 0
    assert view(database, job).state is JobState.SUCCEEDED


def test_a_vote_that_fails_its_match_is_not_taken_from_another_job(
    database: Database, broker: BrokerClient
) -> None:
    worker = Worker()
    submit_file(database, lines([2]), **PAID)
    dispatch(database, broker)
    (batch,) = sent(broker)
    (report,) = worker.judge(batch).matches
    mute = msgspec.structs.replace(
        report.votes[0], verdict=Verdict.NONE, no_verdict=NoVerdict.NO_BOX
    )
    record(database, batch.outcomes("a", [MatchReport(report.match, [mute])]))
    job = submit_file(database, lines([2]), id="second", voting={"on_no_verdict": "fail"}, **PAID)
    assert worker.play(database, broker) == 1, "it is cast anew"
    ended = view(database, job)
    assert (ended.state, ended.votes, ended.votes_reused) == (JobState.SUCCEEDED, 1, 0)


def test_a_note_does_not_outlive_what_it_says(database: Database, broker: BrokerClient) -> None:
    job = submit_file(database, lines([2]))
    batch = one_batch(database, broker, job)
    refused = Failure("401", transient=False, refused=True)
    report = MatchReport(batch.matches[0].match, [], refused)
    record(database, batch.outcomes("a", [report]))
    assert view(database, job).note == "401"
    record(database, judged(batch))
    ended = view(database, job)
    assert (ended.state, ended.note) == (JobState.SUCCEEDED, None)


def test_messages_are_bounded_by_all_of_their_text(
    database: Database, broker: BrokerClient
) -> None:
    prompt = "Which is larger? " * (BATCH_TEXT // 17 // 3)
    rows = [
        {"prompt": f"{n} {prompt}", "candidates": ["It is 1.", "It is 2."], "reference": "2"}
        for n in range(5)
    ]
    submit_file(database, b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    assert dispatch(database, broker) == 5
    assert [len(batch.matches) for batch in received(broker)] == [2, 2, 1]


def test_the_winner_is_that_of_the_votes_that_stand(
    database: Database, broker: BrokerClient
) -> None:
    submit_file(database, lines([2]))
    batch = one_batch(database, broker, JobId("0123456789ab"))
    match = batch.matches[0].match
    with database.begin() as tx:  # a vote that came first, as by a fill that held the row's lock
        tx.execute(
            text("""
                INSERT INTO votes (match_id, number, swapped, verdict, text, model, seed,
                                   prompt_tokens, cached_tokens, completion_tokens, seconds,
                                   queue_seconds, query_tokens, slot_tokens, samples, neutralised)
                VALUES (:match, 1, false, 'first', '', '', 0, 0, 0, 0, 0, 0, 0, 0, 1, false)
            """),
            {"match": match},
        )
    other = MatchReport(match, [Vote(1, Verdict.SECOND)])
    record(database, batch.outcomes("late", [other]))
    with database.begin() as tx:
        winner = tx.scalar(text("SELECT winner FROM matches"))
        counted = tx.scalar(text("SELECT votes FROM jobs"))
    assert (winner, counted) == (batch.matches[0].first, 0)


def test_a_match_that_no_batch_carried_costs_no_other_match_of_its_flush(
    database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([2, 2]))
    batch = one_batch(database, broker, job)
    odd = MatchReport(2**63, [])
    broker.send_outcomes(batch.outcomes("worker", [odd, *judged(batch).matches]))
    assert record_waiting(database, broker) == 1
    ended = view(database, job)
    assert (ended.state, ended.matches_done, ended.votes) == (JobState.SUCCEEDED, 2, 2)
    assert not waiting_flushes(broker, job, batch.batch), "the odd match is dropped"


def test_what_is_recorded_of_a_group_is_counted_once(
    database: Database, broker: BrokerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit_file(database, lines([2, 2, 2]))
    batch = one_batch(database, broker, job)
    good, bad, other = judged(batch).matches
    odd = MatchReport(bad.match, [Vote(1, Verdict.FIRST, text="odd")])
    flushes = [batch.outcomes("worker", [report]) for report in (good, odd, other)]
    insert_votes = recording.insert_votes

    def refusing(tx: Transaction, votes: Sequence[tuple[MatchId, Vote]]) -> None:
        if any(vote.text == "odd" for _, vote in votes):
            raise ArithmeticError("no such number")
        insert_votes(tx, votes)

    monkeypatch.setattr(recording, "insert_votes", refusing)
    done = record_group(database, flushes)
    assert (done.counts.matches_done, done.counts.matches_failed, done.counts.votes) == (2, 1, 2)
    assert done.left == []


def test_votes_in_the_store_that_cannot_decide_their_match_fail_it(
    database: Database, broker: BrokerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit_file(database, lines([2, 2]))
    batch = one_batch(database, broker, job)
    with database.begin() as tx:
        tx.execute(text("UPDATE jobs SET voting = '{\"votes\": 3}'"))
    reports = [MatchReport(match.match, [Vote(1, Verdict.FIRST)]) for match in batch.matches]
    record(database, batch.outcomes("worker", reports))
    with database.begin() as tx:
        tx.execute(text("UPDATE jobs SET voting = '{}'"))

    def broken(_tx: object, outcomes: object) -> None:
        if outcomes:
            raise ArithmeticError("no such number")

    with monkeypatch.context() as patched:
        patched.setattr(recording, "decide_matches", broken)
        dispatch(database, broker)
    ended = view(database, job)
    assert (ended.state, ended.matches_failed, ended.votes) == (JobState.FAILED, 2, 2)
