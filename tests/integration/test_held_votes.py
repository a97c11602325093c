"""The last vote of a person may be taken back for a short time: until then it counts nowhere."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from kit.http_server import HttpServer, http_server, is_problem, settings_of
from kit.people import Person, job_for_people, larger, votes_of

from rrm_queue.coordinator.held_votes import record_due
from rrm_queue.domain import BatchId, JobState
from rrm_queue.local.stack import Addresses
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.queue.people import end_hold, take_back
from rrm_queue.store.views.jobs import view_job


@pytest.fixture(scope="module")
def database(module_database: Database) -> Database:
    """One store for all tests: each has a job of its own."""
    return module_database


@pytest.fixture(scope="module")
def server(database: Database, servers: Addresses) -> Iterator[HttpServer]:
    with http_server(settings_of(database, servers)) as server:
        yield server


@pytest.fixture
def ada(server: HttpServer) -> Person:
    return Person("Ada", server.client())


def hold(person: Person, lease: str, verdict: str) -> dict[str, object]:
    """Casts a vote that may be taken back."""
    answer = person.client.post(
        "/v1/judging/vote", json={"lease": lease, "verdict": verdict, "hold": True}
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def lapse(database: Database) -> None:
    """Ends the time in which votes may be taken back."""
    with database.begin() as tx:
        tx.execute(text("UPDATE person_leases SET deadline = now() - interval '1 second'"))


def test_a_held_vote_counts_nowhere_and_may_be_taken_back(
    database: Database, ada: Person, server: HttpServer
) -> None:
    job = job_for_people(database, [2, 2, 2])
    first = ada.take(job)["match"]
    assert hold(ada, first["lease"], "tie")["held"] is True
    assert hold(ada, first["lease"], "tie")["held"] is True  # a repeat changes nothing
    assert votes_of(database, job) == []
    turn = ada.take(job)
    assert (turn["mine"], turn["decided"], turn["undo"]) == (1, 0, first["lease"])
    assert turn["match"]["prompt"] != first["prompt"]
    assert Person("Bo", server.client()).take(job)["match"]["prompt"] != first["prompt"]
    assert ada.say("undo", turn["undo"]).status_code == 204
    again = ada.take(job)
    assert (again["match"], again["mine"], again["undo"]) == (first, 0, None)
    assert hold(ada, first["lease"], larger(first))["held"] is True
    assert votes_of(database, job) == []


def test_the_next_vote_ends_the_time_and_a_match_is_undone_once(
    database: Database, ada: Person
) -> None:
    job = job_for_people(database, [2, 2, 2])
    first = ada.take(job)["match"]
    hold(ada, first["lease"], "first")
    second = ada.take(job)["match"]
    hold(ada, second["lease"], "second")
    assert [verdict for *_, verdict in votes_of(database, job)] == ["first"]
    detail = is_problem(ada.say("undo", first["lease"]), 409)["detail"]
    assert detail == "this vote cannot be taken back: it counts by now"
    assert ada.say("undo", second["lease"]).status_code == 204
    assert is_problem(ada.say("undo", second["lease"]), 409)
    assert ada.take(job)["match"] == second


def test_a_vote_is_recorded_where_nothing_else_is_left(database: Database, ada: Person) -> None:
    job = job_for_people(database, [4])  # the final waits for both matches before it
    for _ in range(3):
        match = ada.take(job)["match"]
        hold(ada, match["lease"], larger(match))
    assert ada.take(job)["state"] == "succeeded"
    assert len(votes_of(database, job)) == 3


def test_the_coordinator_records_the_vote_of_one_who_vanished_once(
    database: Database, ada: Person
) -> None:
    job = job_for_people(database, [2])
    match = ada.take(job)["match"]
    hold(ada, match["lease"], larger(match))
    record_due(database)
    assert votes_of(database, job) == []
    lapse(database)
    assert is_problem(ada.say("undo", match["lease"]), 409)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: record_due(database), range(4)))
    ((_, number, person, verdict),) = votes_of(database, job)
    assert (number, person, verdict) == (1, "Ada", larger(match))
    with database.begin() as tx:
        assert view_job(tx, job).state is JobState.SUCCEEDED
        seconds = tx.scalar(text("SELECT max(seconds) FROM votes"))
        held = tx.scalar(text("SELECT count(*) FROM person_leases WHERE verdict IS NOT NULL"))
    assert 0 < seconds < 60
    assert held == 0


def test_what_is_voted_on_is_neither_returned_nor_skipped(database: Database, ada: Person) -> None:
    job = job_for_people(database, [2, 2])
    match = ada.take(job)["match"]
    hold(ada, match["lease"], "first")
    assert ada.say("return", match["lease"]).status_code == 204
    assert ada.say("skip", match["lease"]).status_code == 204
    assert ada.take(job)["undo"] == match["lease"]
    answer = ada.say("vote", match["lease"], verdict="second")
    assert "voted on this match before: first" in is_problem(answer, 409)["detail"]
    assert [verdict for *_, verdict in votes_of(database, job)] == ["first"]


def test_taking_back_and_the_end_of_the_time_never_both_win(
    database: Database, ada: Person
) -> None:
    for _ in range(10):
        job = job_for_people(database, [2, 2])
        match = ada.take(job)["match"]
        hold(ada, match["lease"], "first")
        other = ada.take(job)["match"]
        with ThreadPoolExecutor(2) as pool:
            undone = pool.submit(ada.say, "undo", match["lease"])
            pool.submit(hold, ada, other["lease"], "first").result()
        recorded = len(votes_of(database, job))
        assert (undone.result().status_code, recorded) in {(204, 0), (409, 1)}


def test_a_vote_that_counts_is_not_taken_back_by_one_who_asked_before(
    database: Database, ada: Person
) -> None:
    job = job_for_people(database, [2, 2])
    match = ada.take(job)["match"]
    hold(ada, match["lease"], "first")
    batch = BatchId(int(match["lease"].partition("-")[0]))
    with database.begin() as asking:
        asking.scalar(text("SELECT now()"))  # the transaction's time stands from here on
        with database.begin() as recording:
            assert end_hold(recording, batch)
        assert not take_back(asking, batch, 60.0)
    assert record_due(database) == 1
    assert [verdict for *_, verdict in votes_of(database, job)] == ["first"]
