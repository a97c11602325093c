"""Large tournaments are rated with no transaction open, and no other job waits for them."""

import logging
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import pytest
from kit.jobs import judged, lines, play, received, submit_file
from kit.paid_votes import view
from kit.waiting import eventually

from rrm_queue.broker.client import BrokerClient
from rrm_queue.coordinator import plan
from rrm_queue.coordinator import recorder as recorder_module
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.rate import rate_decided
from rrm_queue.coordinator.record import Recorded, record_group
from rrm_queue.coordinator.recorder import Recorder
from rrm_queue.coordinator.service import Coordinator
from rrm_queue.domain import Candidate, JobId, JobState, Tournament
from rrm_queue.errors import StoreUnavailable
from rrm_queue.intake.needs import MOST_CANDIDATES, Needs
from rrm_queue.messages import Outcomes
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.queue import control
from rrm_queue.store.views.results import job_results
from rrm_queue.strategies import named

rate_module = import_module("rrm_queue.coordinator.rate")
standings = rate_module.standings


@pytest.fixture
def all_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tournaments of more than two candidates are too large to be rated in a transaction."""
    monkeypatch.setattr(plan, "MOST_RATED", 8)


def until_transactions_end(database: Database) -> None:
    """Returns once every transaction that is open now has ended. Raises TimeoutError."""
    with database.begin() as tx:
        now = tx.scalar(text("SELECT clock_timestamp()"))
    open_ = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND state = 'idle in transaction' AND xact_start < :now"
    )

    def ended() -> bool:
        with database.begin() as tx:
            return bool(tx.scalar(open_, {"now": now}) == 0)

    eventually(ended, "no transaction lasts as long as the rating")


def results(database: Database, job: JobId) -> list[Any]:
    with database.begin() as tx:
        return list(job_results(tx, job))


@pytest.mark.parametrize("strategy", ["knockout", "elo", "swiss"])
@pytest.mark.parametrize(("limit", "value"), [("MOST_RATED", 8), ("FEW", 2)])
def test_a_large_tournament_ends_as_a_small_one(
    database: Database,
    broker: BrokerClient,
    strategy: str,
    limit: str,
    value: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Large by its candidates, or by its matches."""
    monkeypatch.setattr(plan, limit, value)
    large = submit_file(database, lines([7, 2]), id="a", anew=True, strategy=strategy)
    play(database, broker)
    assert (view(database, large).state, view(database, large).tournaments_done) == (
        JobState.RUNNING,
        1,
    )
    rate_decided(database)
    rate_decided(database)
    seen = view(database, large)
    assert (seen.state, seen.tournaments_done, seen.tournaments_failed) == (
        JobState.SUCCEEDED,
        2,
        0,
    )
    monkeypatch.undo()
    small = submit_file(database, lines([7, 2]), id="b", anew=True, strategy=strategy)
    play(database, broker)
    assert results(database, small) == results(database, large)


@pytest.mark.usefixtures("all_large")
def test_ratings_hold_no_transaction_and_no_other_job_waits(
    database: Database, broker: BrokerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[JobState] = []
    large = submit_file(database, lines([3]), id="a", anew=True)
    small = submit_file(database, lines([2]), id="b", anew=True)

    def slow(size: int, *rest: Any) -> Any:
        if size == 3:
            eventually(lambda: view(database, small).state.ended, "the small one has ended")
            until_transactions_end(database)
            done.append(view(database, small).state)
        return standings(size, *rest)

    monkeypatch.setattr(rate_module, "standings", slow)
    dispatch(database, broker)
    later = []
    for batch in received(broker):
        if batch.job == large:
            broker.send_outcomes(judged(batch))
        else:
            later.append(batch)
    coordinator = Coordinator(database, broker)
    coordinator.start()
    try:
        eventually(lambda: broker.waiting("rrmq.judge.reference"), "the coordinator has sent more")
        for batch in [*received(broker), *later]:
            broker.send_outcomes(judged(batch))
        eventually(lambda: view(database, large).state.ended, "the large one has ended")
    finally:
        coordinator.stop()
        coordinator.join()
    assert done == [JobState.SUCCEEDED], "it ended while the other was rated in no transaction"
    assert view(database, large).state is JobState.SUCCEEDED


@pytest.mark.usefixtures("all_large")
def test_a_tournament_that_cannot_be_rated_fails_with_its_reason_and_can_be_retried(
    database: Database, broker: BrokerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ArithmeticError("no such number")

    job = submit_file(database, lines([3]))
    play(database, broker)
    monkeypatch.setattr(rate_module, "standings", broken)
    rate_decided(database)
    assert view(database, job).state is JobState.FAILED
    assert "its standings cannot be computed: no such number" in results(database, job)[0].error
    monkeypatch.undo()
    with database.begin() as tx:
        assert control.retry_job(tx, job).tournaments == 1
    rate_decided(database)
    assert view(database, job).state is JobState.SUCCEEDED


@pytest.mark.usefixtures("all_large")
def test_a_cancelled_job_is_not_rated(database: Database, broker: BrokerClient) -> None:
    job = submit_file(database, lines([3]))
    play(database, broker)
    with database.begin() as tx:
        control.cancel_job(tx, job)
    rate_decided(database)
    assert view(database, job).state is JobState.CANCELLED
    with database.begin() as tx:
        assert tx.scalar(text("SELECT count(*) FROM decided_tournaments")) == 0


def test_a_group_at_which_the_store_breaks_off_keeps_no_other_waiting(
    database: Database,
    broker: BrokerClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    poison = submit_file(database, lines([2]), id="a", anew=True)
    job = submit_file(database, lines([2]), id="b", anew=True)

    def breaking(store: Database, group: Sequence[Outcomes]) -> Recorded:
        if any(flush.job == poison for flush in group):
            raise StoreUnavailable("terminating connection due to idle-in-transaction timeout")
        return record_group(store, group)

    monkeypatch.setattr(recorder_module, "record_group", breaking)
    monkeypatch.setattr(recorder_module, "MOST_TRIES", 3)
    dispatch(database, broker)
    for batch in sorted(received(broker), key=lambda batch: batch.job):
        broker.send_outcomes(judged(batch))
    with caplog.at_level(logging.WARNING):
        Recorder(database, broker, lambda: None).turn()
    assert view(database, job).state is JobState.SUCCEEDED
    assert view(database, poison).state is JobState.RUNNING
    said = caplog.text.count("tried again: The database does not answer")
    assert said == 2, "once for all jobs together, once for the job alone"
    assert caplog.text.count("the store breaks off at them") == 1
    monkeypatch.undo()
    with database.begin() as tx:
        (number,) = tx.scalars(text("SELECT id FROM batches WHERE job_id = 'a'"))
    broker.relist([(poison, number)])
    Recorder(database, broker, lambda: None).turn()
    assert view(database, poison).state is JobState.SUCCEEDED


def test_what_is_too_large_to_be_rated_is_refused_in_one_line() -> None:
    def lack(size: int, strategy: str) -> str | None:
        candidates = tuple(Candidate(str(n), "text") for n in range(size))
        needs = Needs(matches=named(strategy).matches)
        return needs.lack(Tournament("t", "Which?", candidates, 1))

    assert lack(2000, "elo") is None
    assert "2,001,000 matches" in (lack(2001, "elo") or "")
    assert lack(MOST_CANDIDATES, "knockout") is None
    assert "4,001 candidates are too many" in (lack(MOST_CANDIDATES + 1, "knockout") or "")
