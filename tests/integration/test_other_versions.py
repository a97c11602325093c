"""A job of another version waits for it, harms no other job, and goes on after the upgrade."""

import logging
from collections.abc import Mapping
from typing import Any

import pytest
from kit.jobs import judged, lines, play, received, submit_file
from kit.paid_votes import view

from rrm_queue.broker.client import BrokerClient
from rrm_queue.coordinator import sending as sending_module
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record_group
from rrm_queue.coordinator.reuse import bring_votes
from rrm_queue.domain import JobId, JobState
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.queue.active_jobs import ActiveJob

OTHERS = {
    "strategy": ("strategy = 'future:3'", "strategy = 'knockout'"),
    "seeding": ("seeding = 'future'", "seeding = 'random'"),
    "voting word": ('voting = \'{"order": "future"}\'', "voting = '{}'"),
    "voting field": ("voting = '{\"future\": 1}'", "voting = '{}'"),
    "judge field": (
        'judge = \'{"kind": "reference", "future": 1}\'',
        'judge = \'{"kind": "reference"}\'',
    ),
    "judge kind": ('judge = \'{"kind": "future"}\'', 'judge = \'{"kind": "reference"}\''),
    "judge value": ("judge = '{\"kind\": 7}'", 'judge = \'{"kind": "reference"}\''),
}


def change(database: Database, job: JobId, what: str) -> None:
    with database.begin() as tx:
        tx.execute(text(f"UPDATE jobs SET {what} WHERE id = :job"), {"job": job})  # noqa: S608


def tournament_states(database: Database, job: JobId) -> set[str]:
    with database.begin() as tx:
        states = text("SELECT DISTINCT state FROM tournaments WHERE job_id = :job")
        return set(tx.scalars(states, {"job": job}))


@pytest.mark.parametrize("other", OTHERS)
def test_a_job_of_another_version_waits_and_no_other_job_with_it(
    database: Database, broker: BrokerClient, other: str, caplog: pytest.LogCaptureFixture
) -> None:
    newer, known = OTHERS[other]
    foreign = submit_file(database, lines([2] * 5), id="a", name=other, anew=True)
    change(database, foreign, newer)
    job = submit_file(database, lines([2] * 5), id="b", anew=True)
    with caplog.at_level(logging.ERROR):
        play(database, broker)
        dispatch(database, broker)
    assert view(database, job).state is JobState.SUCCEEDED
    assert tournament_states(database, foreign) == {"waiting"}
    assert [r.levelname for r in caplog.records].count("ERROR") <= 1, "said once"
    change(database, foreign, known)
    play(database, broker)
    assert view(database, foreign).state is JobState.SUCCEEDED


@pytest.mark.parametrize("other", OTHERS)
def test_outcomes_of_a_job_of_another_version_stay_in_the_inbox(
    database: Database, broker: BrokerClient, other: str
) -> None:
    newer, known = OTHERS[other]
    job = submit_file(database, lines([2]))
    dispatch(database, broker)
    (batch,) = received(broker)
    change(database, job, newer)
    assert record_group(database, [judged(batch)]).left == [judged(batch)]
    change(database, job, known)
    assert record_group(database, [judged(batch)]).left == []
    assert view(database, job).state is JobState.SUCCEEDED


def test_a_job_that_cannot_be_sent_keeps_no_other_waiting(
    database: Database, broker: BrokerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = submit_file(database, lines([2]), id="a", anew=True)
    job = submit_file(database, lines([2]), id="b", anew=True)

    def broken(tx: Transaction, active: Mapping[JobId, ActiveJob], *rest: Any) -> Any:
        if odd in active:
            raise ArithmeticError("no such number")
        return bring_votes(tx, active, *rest)

    monkeypatch.setattr(sending_module, "bring_votes", broken)
    play(database, broker)
    assert view(database, job).state is JobState.SUCCEEDED
    monkeypatch.undo()
    play(database, broker)
    assert view(database, odd).state is JobState.SUCCEEDED
