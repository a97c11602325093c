"""Votes that were paid for: kept when a match goes back, and taken by later jobs."""

from kit.jobs import lines, submit_file
from kit.paid_votes import PAID, Worker, sent, view

from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.inbox import PLACES_KEY
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.coordinator.recover import recover
from rrm_queue.domain import JobState, Verdict, Vote
from rrm_queue.judging.voting import wave
from rrm_queue.messages import Failure, MatchReport
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database


def test_a_match_that_was_handed_back_goes_on_with_its_votes(
    database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([2]), voting={"votes": 5}, **PAID)
    worker = Worker()
    dispatch(database, broker)
    (first,) = sent(broker)
    record(database, worker.judge(first, most=2))
    assert view(database, job).ready == 1
    dispatch(database, broker)
    (second,) = sent(broker)
    assert [(v.number, v.verdict) for v in second.matches[0].votes] == [
        (1, Verdict.SECOND),
        (2, Verdict.FIRST),
    ]
    record(database, worker.judge(second))
    after = view(database, job)
    assert (after.state, after.votes, after.prompt_tokens) == (JobState.SUCCEEDED, 3, 30)
    assert set(worker.paid.values()) == {1}


def test_a_transient_failure_keeps_the_votes_that_its_match_has(
    database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([2]), voting={"votes": 3}, **PAID)
    dispatch(database, broker)
    (batch,) = sent(broker)
    vote = Worker().vote(batch, batch.matches[0], 2)
    lost = MatchReport(batch.matches[0].match, [vote], Failure("timeout", transient=True))
    record(database, batch.outcomes("test", [lost]))
    with database.begin() as tx:
        attempt, waits = tx.execute(text("SELECT attempt, not_before > now() FROM matches")).one()
        tx.execute(text("UPDATE matches SET not_before = NULL"))
    assert (attempt, waits) == (1, True)
    Worker().play(database, broker)
    with database.begin() as tx:
        assert tx.scalars(text("SELECT number FROM votes ORDER BY 1")).all() == [1, 2]
    assert view(database, job).state is JobState.SUCCEEDED


def test_votes_that_come_late_are_kept_and_the_outcome_is_theirs_that_came_first(
    database: Database, broker: BrokerClient
) -> None:
    submit_file(database, lines([2]), voting={"votes": 3}, **PAID)
    dispatch(database, broker)
    (batch,) = sent(broker)
    with database.begin() as tx:  # given up, and sent again
        tx.execute(text("UPDATE matches SET state = 'ready', batch_id = NULL"))
    dispatch(database, broker)
    (again,) = sent(broker)
    match = batch.matches[0].match
    late = batch.outcomes("a", [MatchReport(match, [Vote(1, Verdict.FIRST)])])
    record(database, late)
    other = [Vote(1, Verdict.SECOND), Vote(2, Verdict.FIRST, swapped=True)]
    record(database, again.outcomes("b", [MatchReport(match, other)]))
    with database.begin() as tx:
        assert tx.scalar(text("SELECT state FROM matches")) == "ready", "one vote each: one more"
        assert tx.scalars(text("SELECT verdict FROM votes ORDER BY number")).all() == [
            "first",
            "first",
        ]
    dispatch(database, broker)
    (last,) = sent(broker)
    assert wave(last.matches[0].votes, last.voting) == [3]


def test_a_second_job_takes_its_votes_from_the_store(
    database: Database, broker: BrokerClient
) -> None:
    worker = Worker()
    first = submit_file(database, lines([8, 5]), voting={"votes": 3}, **PAID)
    assert worker.play(database, broker) == 11
    paid = dict(worker.paid)
    second = submit_file(
        database, lines([8, 5]), id="second", anew=True, voting={"votes": 3}, **PAID
    )
    assert worker.play(database, broker) == 0, "no worker is asked"
    assert worker.paid == paid
    one, two = view(database, first), view(database, second)
    assert two.state is JobState.SUCCEEDED
    assert (two.votes, two.votes_reused) == (one.votes, one.votes)
    assert (one.votes_reused, two.prompt_tokens) == (0, 0)
    with database.begin() as tx:
        for column in ("number, swapped, verdict, text, model, seed", "count(*)"):
            rows = [
                tx.execute(
                    text(
                        f"SELECT {column} FROM votes v JOIN matches m ON m.id = v.match_id "  # noqa: S608
                        "WHERE job_id = :job ORDER BY 1"
                    ),
                    {"job": job},
                ).all()
                for job in (first, second)
            ]
            assert sorted(map(str, rows[0])) == sorted(map(str, rows[1]))


def test_another_strategy_pays_only_for_what_it_needs_besides(
    database: Database, broker: BrokerClient
) -> None:
    worker = Worker()
    submit_file(database, lines([6]), **PAID)
    worker.play(database, broker)
    job = submit_file(database, lines([6]), id="second", strategy="elo", **PAID)
    worker.play(database, broker)
    assert set(worker.paid.values()) == {1}
    after = view(database, job)
    assert (after.state, after.votes, after.votes_reused) == (JobState.SUCCEEDED, 15, 5)


def test_another_seed_pays_for_votes_of_its_own(database: Database, broker: BrokerClient) -> None:
    worker = Worker()
    submit_file(database, lines([4]), **PAID)
    worker.play(database, broker)
    job = submit_file(database, lines([4]), id="second", seed=1, **PAID)
    assert worker.play(database, broker) == 3
    assert view(database, job).votes_reused == 0


def test_recover_waits_for_outcomes_that_lie_ready(
    database: Database, broker: BrokerClient
) -> None:
    submit_file(database, lines([2]), **PAID)
    dispatch(database, broker)
    (batch,) = sent(broker)
    broker.send_outcomes(Worker().judge(batch))
    broker.client.delete(PLACES_KEY)  # a coordinator received it and died
    with database.begin() as tx:
        tx.execute(text("UPDATE batches SET seen_at = now() - interval '1 hour'"))
    assert recover(database, broker, settled=True).lost == {}
