"""People as judges: leases, votes, skips, returns; nothing is counted twice."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from kit.http_server import READ, HttpServer, http_server, is_problem, settings_of
from kit.jobs import lines, submit_file
from kit.people import Person, job_for_people, votes_of
from kit.waiting import PATIENCE

from rrm_queue.actions.people import person_named
from rrm_queue.broker.client import BrokerClient
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.coordinator.recover import recover
from rrm_queue.domain import JobState, Verdict, Vote
from rrm_queue.errors import UsageFault
from rrm_queue.local.stack import Addresses
from rrm_queue.messages import MatchReport, Outcomes
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
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
def people(server: HttpServer) -> list[Person]:
    return [Person(name, server.client()) for name in ("Ada", "Bo", "Cem")]


def lapse(database: Database) -> None:
    """Puts every lease past its deadline."""
    with database.begin() as tx:
        tx.execute(text("UPDATE person_leases SET deadline = now() - interval '1 second'"))


def test_three_votes_are_of_three_people_and_the_majority_wins(
    database: Database, people: list[Person]
) -> None:
    job = job_for_people(database, [4, 2, 2], votes=3)
    ada, bo, cem = people
    for person in people:
        while match := person.take(job)["match"]:
            said = None if person is not cem else "tie"
            assert person.vote(match, said).status_code == 200
    while any(person.judge_all(job) for person in people):
        pass  # the final of the bracket was not known before
    cast = votes_of(database, job)
    assert Counter(match for match, *_ in cast) == dict.fromkeys({m for m, *_ in cast}, 3)
    assert len({(match, person) for match, _, person, _ in cast}) == len(cast) == 15
    with database.begin() as tx:
        view = view_job(tx, job)
        statement = text("SELECT champion FROM tournaments WHERE job_id = :job ORDER BY id")
        champions = tx.scalars(statement, {"job": job}).all()
    assert (view.state, view.matches_done, view.votes) == (JobState.SUCCEEDED, 5, 15)
    assert champions == [3, 1, 1]
    assert {person for _, _, person, _ in cast} == {"Ada", "Bo", "Cem"}
    assert [verdict for *_, person, verdict in cast if person == "Cem"].count("tie") >= 4
    assert ada.take(job)["match"] is None
    assert bo.take(job)["state"] == "succeeded"


def test_a_match_is_shown_blind_and_stays_with_its_person(
    database: Database, people: list[Person]
) -> None:
    rows = [
        {
            "id": "secret-id", "prompt": "Say a number.", "subset": "secret-subset",
            "reference": "secret-reference",
            "candidates": [
                {"id": f"secret-{i}", "text": f"It is {i}.", "generator": "secret-model", "gold": i}
                for i in range(2)
            ],
        }
    ]  # fmt: skip
    file = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    job = job_for_people(database, [], file=file, votes=2)
    with database.begin() as tx:
        statement = text(
            "UPDATE tournaments SET criteria = 'Larger is better.' WHERE job_id = :job"
        )
        tx.execute(statement, {"job": job})
    ada, bo, _ = people
    turn = ada.take(job)
    assert "secret" not in json.dumps(turn)
    assert turn["match"].keys() == {"lease", "prompt", "criteria", "one", "two"}
    assert turn["match"]["prompt"] == "Say a number."
    assert turn["match"]["criteria"] == "Larger is better."
    assert ada.take(job) == turn
    assert bo.take(job)["match"] is None  # one person at a time
    ada.vote(turn["match"])
    assert ada.take(job)["match"] is None  # nobody votes on a match twice
    other = bo.take(job)["match"]
    assert (other["one"], other["two"]) == (turn["match"]["two"], turn["match"]["one"])
    assert other["lease"] != turn["match"]["lease"]


def test_a_skipped_match_goes_to_others_only(database: Database, people: list[Person]) -> None:
    job = job_for_people(database, [2])
    ada, bo, _ = people
    match = ada.take(job)["match"]
    assert ada.say("skip", match["lease"]).status_code == 204
    assert ada.say("skip", match["lease"]).status_code == 204
    assert ada.take(job)["match"] is None
    assert bo.judge_all(job) == 1
    assert ada.take(job)["state"] == "succeeded"


def test_a_match_comes_back_when_its_person_leaves_or_the_lease_expires(
    database: Database, people: list[Person]
) -> None:
    job = job_for_people(database, [2])
    ada, bo, cem = people
    left = ada.take(job)["match"]
    assert bo.take(job)["match"] is None
    assert ada.say("return", left["lease"]).status_code == 204
    assert ada.say("return", left["lease"]).status_code == 204
    forgotten = bo.take(job)["match"]
    assert forgotten["one"] == left["one"]
    assert cem.take(job)["match"] is None
    lapse(database)
    third = cem.take(job)["match"]
    assert third["one"] == left["one"]
    with database.begin() as tx:
        statement = text("SELECT attempt FROM matches WHERE job_id = :job")
        attempts = tx.scalars(statement, {"job": job}).all()
    assert attempts == [0]  # no failure of anybody
    late = bo.vote(forgotten)
    assert is_problem(late, 409)["detail"].startswith("another person judges this match")
    assert cem.vote(third).status_code == 200
    assert [(person, number) for _, number, person, _ in votes_of(database, job)] == [("Cem", 1)]
    assert is_problem(bo.vote(forgotten), 409)["detail"].startswith("this match was decided")


def test_a_late_vote_counts_while_nobody_else_has_the_match(
    database: Database, people: list[Person]
) -> None:
    job = job_for_people(database, [2])
    ada, bo, _ = people
    match = ada.take(job)["match"]
    ada.say("return", match["lease"])
    assert ada.vote(match).status_code == 200
    assert bo.take(job)["state"] == "succeeded"
    assert len(votes_of(database, job)) == 1


def test_a_repeated_vote_changes_nothing_and_another_one_is_refused(
    database: Database, people: list[Person]
) -> None:
    job = job_for_people(database, [2], votes=2)
    ada, bo, _ = people
    match = ada.take(job)["match"]
    first = ada.vote(match, "first")
    assert ada.vote(match, "first").content == first.content
    assert first.json() == {"job": job, "person": "Ada", "verdict": "first", "held": False}
    assert is_problem(ada.vote(match, "second"), 409)["detail"].endswith("before: first")
    assert bo.judge_all(job) == 1
    assert ada.vote(match, "first").status_code == 200
    with database.begin() as tx:
        view = view_job(tx, job)
    assert (view.votes, view.matches_done) == (2, 1)
    assert votes_of(database, job)[0][3] == "first"


@pytest.mark.parametrize(
    "lease", ["", "1", "1-", "x-y", "\0", "9" * 400 + "-" + "0" * 32, "1-" + "0" * 32, "\ud800"]
)
def test_a_forged_lease_changes_nothing(
    database: Database, server: HttpServer, people: list[Person], lease: str
) -> None:
    job = job_for_people(database, [2])
    held = people[0].take(job)["match"]["lease"]
    forged = lease.replace("1-", held.partition("-")[0] + "-")
    body = json.dumps({"lease": forged, "verdict": "first"})
    for path in ("vote", "skip", "return"):
        fields = body if path == "vote" else json.dumps({"lease": forged})
        answer = server.client().post(
            f"/v1/judging/{path}", content=fields, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in (404, 422)
    assert votes_of(database, job) == []
    assert people[0].take(job)["match"]["lease"] == held


@pytest.mark.parametrize("verdict", ["none", "FIRST", "", "1", "coin"])
def test_only_verdicts_of_people_are_taken(
    database: Database, people: list[Person], verdict: str
) -> None:
    job = job_for_people(database, [2])
    match = people[0].take(job)["match"]
    answer = people[0].say("vote", match["lease"], verdict=verdict)
    assert is_problem(answer, 422)["detail"].startswith("a verdict is first, second, tie")
    assert votes_of(database, job) == []


@pytest.mark.parametrize("name", ["", "   ", "x" * 65, "a\u202eb", "a\tb\x07", "\u200b"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageFault, match="a person's name has 1 to 64"):
        person_named(name)


def test_a_name_is_the_same_however_it_is_typed() -> None:
    assert person_named("  Zoe\u0308   K. ") == person_named("Zo\u00eb K.") == "Zo\u00eb K."


def test_who_only_reads_judges_nothing(database: Database, server: HttpServer) -> None:
    job = job_for_people(database, [2])
    reader = Person("Ada", server.client(READ))
    answer = reader.client.post(f"/v1/jobs/{job}/judging", params={"as": "Ada"})
    assert is_problem(answer, 403)["detail"] == "this token may only read"
    assert is_problem(reader.say("vote", "1-" + "0" * 32, verdict="tie"), 403)


def test_jobs_that_people_do_not_judge_and_held_ones_lease_nothing(
    database: Database, people: list[Person]
) -> None:
    model = submit_file(database, lines([2]), id="a" * 12)
    held = job_for_people(database, [2], state=JobState.PAUSED)
    ended = job_for_people(database, [2], state=JobState.CANCELLED)
    ask = people[0].client.post
    refused = is_problem(ask(f"/v1/jobs/{model}/judging", params={"as": "Ada"}), 409)
    assert "is judged by reference, not by people" in refused["detail"]
    paused = is_problem(ask(f"/v1/jobs/{held}/judging", params={"as": "Ada"}), 409)
    assert "is paused" in paused["detail"]
    assert people[0].take(ended)["match"] is None
    assert is_problem(ask("/v1/jobs/nothing/judging", params={"as": "Ada"}), 404)
    assert is_problem(ask(f"/v1/jobs/{model}/judging"), 422)


def test_equal_answers_are_nobodys_question(database: Database, people: list[Person]) -> None:
    same = b'{"prompt": "p", "candidates": ["It is 1.", "It is 1."]}\n'
    job = job_for_people(database, [], file=same * 40 + lines([2]))
    assert people[0].judge_all(job) == 1
    with database.begin() as tx:
        assert view_job(tx, job).state is JobState.SUCCEEDED
        statement = text(
            "SELECT decided_by, count(*) FROM matches WHERE job_id = :job GROUP BY decided_by"
        )
        decided = tx.execute(statement, {"job": job}).all()
    assert {tuple(row) for row in decided} == {("equal", 40), ("votes", 1)}


def test_no_message_is_sent_and_no_lease_is_given_up_by_the_coordinator(
    database: Database, broker: BrokerClient, people: list[Person]
) -> None:
    job = job_for_people(database, [2, 2])
    match = people[0].take(job)["match"]
    with database.begin() as tx:
        tx.execute(text("UPDATE batches SET sent_at = now() - interval '1 hour'"))
    dispatch(database, broker)
    assert broker.waiting("rrmq.judge.human") == 0
    assert not recover(database, broker, settled=True).lost
    assert people[0].take(job)["match"] == match
    assert people[0].judge_all(job) == 2


def test_a_worker_cannot_vote_for_a_person_nor_a_person_in_a_models_job(
    database: Database, broker: BrokerClient, people: list[Person]
) -> None:
    job = job_for_people(database, [2])
    people[0].take(job)
    batch, token, match = batch_of(database, job)
    bare = Outcomes(batch, job, "w", [MatchReport(match, [Vote(1, Verdict.FIRST)])], token)
    named = [MatchReport(match, [Vote(1, Verdict.FIRST, person="Eve")])]
    for forged in (bare, *(Outcomes(batch, job, "w", named, no) for no in ("", "0" * 32))):
        record(database, forged)
    assert votes_of(database, job) == []
    model = submit_file(database, lines([2]), id="b" * 12)
    dispatch(database, broker)
    batch, token, match = batch_of(database, model)
    named = [MatchReport(match, [Vote(1, Verdict.FIRST, person="Ada")])]
    record(database, Outcomes(batch, model, "w", named, token))
    assert votes_of(database, model) == []


def batch_of(database: Database, job: str) -> tuple[int, str, int]:
    """The job's only batch, its token and its match."""
    with database.begin() as tx:
        statement = text("SELECT id, token, matches FROM batches WHERE job_id = :job")
        batch, token, (match,) = tx.execute(statement, {"job": job}).one()
    return batch, token or "", match


def test_many_people_at_once_cast_each_vote_once(database: Database, server: HttpServer) -> None:
    """Each asks twice for everything, some leave, and leases expire under their hands."""
    job = job_for_people(database, [4, 3, 2, 2], votes=3)
    names = [f"person {number}" for number in range(6)]

    def work(name: str) -> int:
        person, cast, until = Person(name, server.client()), 0, time.monotonic() + PATIENCE
        while (turn := person.take(job))["state"] != "succeeded":
            assert time.monotonic() < until
            if (match := turn["match"]) is None:
                time.sleep(0.01)  # others have all that is left
                continue
            if (cast + len(match["lease"])) % 5 == 0:
                person.say("return", match["lease"])
            if cast % 3 == 0:
                lapse(database)
            answers = [person.vote(match), person.vote(match)]
            assert {answer.status_code for answer in answers} <= {200, 409}
            cast += answers[1].status_code == 200
        return cast

    with ThreadPoolExecutor(len(names)) as pool:
        counts = list(pool.map(work, names))
    cast = votes_of(database, job)
    with database.begin() as tx:
        view = view_job(tx, job)
        statement = text("SELECT count(*) FROM batches WHERE job_id = :job AND state = 'out'")
        out = tx.scalar(statement, {"job": job})
    assert (view.state, view.matches_done, view.votes) == (JobState.SUCCEEDED, 7, 21)
    assert set(Counter(match for match, *_ in cast).values()) == {3}
    assert len(cast) == 21 == sum(counts)
    assert len({(match, person) for match, _, person, _ in cast}) == 21
    assert out == 0
