"""An audit: people judge a seeded sample of what a judge decided; how far they agree."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from kit.http_server import HttpServer, http_server, is_problem, settings_of
from kit.jobs import lines, play, submit_file
from kit.people import Person, job_for_people
from statsmodels.stats.inter_rater import cohens_kappa, to_table

from rrm_queue.broker.app import create_app
from rrm_queue.broker.client import BrokerClient, redis_client
from rrm_queue.cli.main import rrmq as main
from rrm_queue.domain import JobId
from rrm_queue.local.stack import Addresses
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

SIZES = [2, 3, 4, 5, 6, 2]
DECIDED = 1 + 3 + 6 + 10 + 15 + 1


@pytest.fixture(scope="module")
def server(module_database: Database, servers: Addresses) -> Iterator[HttpServer]:
    with http_server(settings_of(module_database, servers)) as server:
        yield server


@pytest.fixture(scope="module")
def judged_job(module_database: Database, servers: Addresses) -> JobId:
    """A job of all pairs that its judge has decided."""
    client = redis_client(servers.broker_url)
    client.flushall()
    app = create_app(servers.broker_url)
    job = submit_file(module_database, lines(SIZES), strategy="elo")
    play(module_database, BrokerClient(lambda: app, client))
    app.close()
    client.close()
    return job


def pairs_of(database: Database, job: str) -> set[tuple[str, ...]]:
    """The pairs that the job judges, by names; the texts with them."""
    statement = text("""
        SELECT t.key, t.prompt, one.key, one.text, two.key, two.text
        FROM tournaments t, jsonb_array_elements(t.pairs) AS p
        JOIN LATERAL (SELECT 1) AS once ON true, candidates one, candidates two
        WHERE t.job_id = :job
          AND one.tournament_id = t.id AND one.number = (p ->> 'first')::int
          AND two.tournament_id = t.id AND two.number = (p ->> 'second')::int
    """)
    with database.begin() as tx:
        return {tuple(row) for row in tx.execute(statement, {"job": job})}


def audited(server: HttpServer, job: str, status: int = 201, **options: Any) -> dict[str, Any]:
    answer = server.client().post(f"/v1/jobs/{job}/audit", params=options)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def test_an_audit_is_a_seeded_sample_of_the_decided_matches(
    module_database: Database, server: HttpServer, judged_job: JobId
) -> None:
    quarter = audited(server, judged_job, share="25%")
    assert (quarter["matches"], quarter["decided"], quarter["of"]) == (9, DECIDED, judged_job)
    assert quarter["page"] == f"/judge/{quarter['job']}"
    drawn = pairs_of(module_database, quarter["job"])
    assert len(drawn) == 9
    again = audited(server, judged_job, 200, share="0.25")
    assert (again["job"], again["new"]) == (quarter["job"], False)
    other = audited(server, judged_job, share="25%", seed=1)
    assert pairs_of(module_database, other["job"]) != drawn
    half = audited(server, judged_job, share="50%")
    assert pairs_of(module_database, half["job"]) > drawn
    whole = audited(server, judged_job, share="100%")
    everything = pairs_of(module_database, whole["job"])
    assert len(everything) == DECIDED
    for key, prompt, one, first, two, second in everything:
        size = SIZES[int(key[1:])]
        assert prompt == f"Which is largest? ({key[1:]})"
        assert {one, two} <= {f"c{number}" for number in range(size)}
        assert (first, second) == (f"It is {one[1:]}.", f"It is {two[1:]}.")
    least = audited(server, judged_job, share="0.0001")
    assert least["matches"] == 1


@pytest.mark.parametrize("share", ["0", "0%", "101%", "1.5", "nan", "", "five", "-5%", "1e999"])
def test_a_share_that_cannot_be_is_refused(
    server: HttpServer, judged_job: JobId, share: str
) -> None:
    answer = server.client().post(f"/v1/jobs/{judged_job}/audit", params={"share": share})
    assert "share is a share such as 5% or 0.05" in is_problem(answer, 422)["detail"]


def test_what_cannot_be_audited_is_refused(module_database: Database, server: HttpServer) -> None:
    client = server.client()
    people = job_for_people(module_database, [2])
    by_people = client.post(f"/v1/jobs/{people}/audit")
    assert is_problem(by_people, 409)["detail"].endswith("is judged by people already")
    fresh = submit_file(module_database, lines([2, 2, 2]), id="f" * 12)
    undecided = client.post(f"/v1/jobs/{fresh}/audit")
    assert "is decided by its judge yet" in is_problem(undecided, 409)["detail"]


def test_command_and_route_make_the_same_audit(
    module_database: Database, servers: Addresses, server: HttpServer, judged_job: JobId
) -> None:
    made = audited(server, judged_job, share="30%", votes=2, seed=3)
    environment = {
        "RRMQ_DATABASE_URL": module_database.url, "RRMQ_BROKER_URL": servers.broker_url
    }  # fmt: skip
    line = ["audit", judged_job, "--share", "30%", "--votes", "2", "--seed", "3", "--json"]
    printed = CliRunner().invoke(main, line, env=environment, standalone_mode=False)
    assert not printed.exception
    assert json.loads(printed.stdout) == made | {"new": False}
    said = CliRunner().invoke(main, line[:-1], env=environment, standalone_mode=False)
    assert said.stdout == (
        f"job {made['job']}, made before: {made['matches']} of {DECIDED} matches of job "
        f"{judged_job}\n"
    )
    status = CliRunner().invoke(main, ["status", made["job"]], env=environment)
    assert f"people judge this job: open /judge/{made['job']}" in status.stdout


def test_labels_and_names_of_the_file_go_with_the_audit(
    module_database: Database, servers: Addresses, server: HttpServer
) -> None:
    rows = [
        {
            "id": f"p{number}", "prompt": f"prompt {number}", "subset": "easy",
            "reference": "2",
            "candidates": [
                {"id": name, "text": f"It is {number}{place}.", "generator": f"model {name}"}
                for place, name in enumerate("xyz")
            ],
            "pairs": [
                {"first": "z", "second": "x", "label": "z"},
                {"first": "x", "second": "y", "label": "tie"},
                {"first": "y", "second": "z"},
            ],
        }
        for number in range(4)
    ]  # fmt: skip
    file = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    job = submit_file(module_database, file, id="1" * 12, strategy="pairs")
    client = redis_client(servers.broker_url)
    app = create_app(servers.broker_url)
    play(module_database, BrokerClient(lambda: app, client))
    app.close()
    client.close()
    made = audited(server, job, share="100%")
    with module_database.begin() as tx:
        read = text(
            "SELECT key, prompt, subset, reference, pairs FROM tournaments"
            " WHERE job_id = :job ORDER BY key"
        )
        copies = [tuple(row) for row in tx.execute(read, {"job": made["job"]})]
        originals = [tuple(row) for row in tx.execute(read, {"job": job})]
        generators = tx.scalars(
            text(
                "SELECT DISTINCT generator FROM candidates c JOIN tournaments t"
                " ON t.id = c.tournament_id WHERE t.job_id = :job ORDER BY 1"
            ),
            {"job": made["job"]},
        ).all()
    for copy, original in zip(copies, originals, strict=True):
        assert copy[:4] == original[:4]
        assert sorted(copy[4], key=str) == sorted(original[4], key=str)
    assert generators == ["model x", "model y", "model z"]


def test_the_diagnosis_of_people_is_what_the_libraries_compute(
    module_database: Database, server: HttpServer, judged_job: JobId
) -> None:
    made = audited(server, judged_job, share="100%", votes=2, seed=9)
    said: dict[str, dict[str, str]] = {"Ada": {}, "Bo": {}}
    chance = np.random.default_rng(1)
    for name, own in said.items():
        person = Person(name, server.client())
        while match := person.take(made["job"])["match"]:
            first, second = sorted((match["one"], match["two"]))
            winner = str(chance.choice([first, first, second, "tie"]))
            word = {match["one"]: "first", match["two"]: "second"}.get(winner, "tie")
            assert person.vote(match, word).status_code == 200
            own[f"{match['prompt']} {first} {second}"] = (
                "tie" if winner == "tie" else "low" if winner == first else "high"
            )
    keys = sorted(said["Ada"])
    assert sorted(said["Bo"]) == keys
    ada, bo = ([said[name][key] for key in keys] for name in ("Ada", "Bo"))
    found = server.client().get(f"/v1/jobs/{made['job']}/diagnose").json()["people"]
    (pair,) = found["pairs"]
    assert (pair["one"], pair["other"], pair["agreement"]["n"]) == ("Ada", "Bo", DECIDED)
    same = sum(one == other for one, other in zip(ada, bo, strict=True))
    assert pair["agreement"]["estimate"] == same / DECIDED
    assert found["agreement"]["estimate"] == pytest.approx(same / DECIDED)
    # Which answer of a match is its first is not known here; kappa depends on that.
    with module_database.begin() as tx:
        firsts = tx.execute(
            text(
                "SELECT t.prompt, one.text, two.text FROM matches m"
                " JOIN tournaments t ON t.id = m.tournament_id"
                " JOIN candidates one ON one.tournament_id = t.id AND one.number = m.first"
                " JOIN candidates two ON two.tournament_id = t.id AND two.number = m.second"
                " WHERE m.job_id = :job"
            ),
            {"job": made["job"]},
        ).all()
    turned = {f"{prompt} {min(one, two)} {max(one, two)}": one > two for prompt, one, two in firsts}
    by_first = [
        [
            2 if word == "tie" else int((word == "low") is not turned[key])
            for key, word in zip(keys, own, strict=True)
        ]
        for own in (ada, bo)
    ]
    theirs = cohens_kappa(to_table(np.array(by_first).T, 3)[0]).kappa
    assert pair["kappa"]["estimate"] == pytest.approx(theirs)
    assert {one["person"]: one["votes"] for one in found["people"]} == {
        "Ada": DECIDED,
        "Bo": DECIDED,
    }
