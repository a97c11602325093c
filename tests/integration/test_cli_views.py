"""The verbs that look at jobs, on real Postgres and Valkey, with the test in the worker's place."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from threading import Thread

import pytest
from click.testing import CliRunner, Result
from kit.jobs import QUEUE, lines, play, submit_file

from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.leases import WorkerLeases, stopped_key
from rrm_queue.broker.processes import process_name
from rrm_queue.broker.troubles import tell
from rrm_queue.cli.main import rrmq as main
from rrm_queue.domain import Seeding
from rrm_queue.errors import JobNotFound, TournamentNotFound, UsageFault
from rrm_queue.local.stack import Addresses
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.strategies.bracket import leaves

NOWHERE = "redis+socket:///nowhere/valkey.sock"
Rrmq = Callable[..., Result]


@pytest.fixture
def environment(database: Database, servers: Addresses) -> dict[str, str]:
    return {
        "RRMQ_DATABASE_URL": database.url,
        "RRMQ_BROKER_URL": servers.broker_url,
        "COLUMNS": "60",
    }


@pytest.fixture
def rrmq(environment: dict[str, str], broker: BrokerClient) -> Rrmq:
    """Runs a command line in this process; `return_value` is its exit code."""

    def run(*line: str, **changes: str | None) -> Result:
        result = CliRunner().invoke(main, line, env=environment | changes, standalone_mode=False)
        assert result.exit_code in (0, 1)
        return result

    return run


def test_what_holds_a_job_up_is_in_json_as_in_the_terminal(
    database: Database, broker: BrokerClient, rrmq: Rrmq
) -> None:
    job = submit_file(database, lines([2] * 40))
    WorkerLeases(broker.client, "me").announce({QUEUE: 8})
    assert json.loads(rrmq("status", job, "--json").stdout)["held_up"] is None
    tell(broker.client, "me", {job: ("answered 429: rate limit", 39)})
    said = "answered 429: rate limit (39 requests wait)"
    assert json.loads(rrmq("status", job, "--json").stdout)["held_up"] == said
    assert said in rrmq("status", job).stdout
    WorkerLeases(broker.client, "me").withdraw({QUEUE})
    [no_worker] = [json.loads(rrmq("status", job, "--json").stdout)["held_up"]]
    assert no_worker.startswith("no live worker serves")


def test_an_ended_job_shows_the_same_in_every_form(
    database: Database, broker: BrokerClient, rrmq: Rrmq
) -> None:
    job = submit_file(database, lines([3, 8]))
    play(database, broker)

    status = json.loads(rrmq("status", job[:4], "--json").stdout)
    assert (status["state"], status["tournaments"]["done"]) == ("succeeded", 2)
    assert status["matches"] == {"done": 9, "out": 0, "ready": 0}
    assert status["finished_at"] >= status["started_at"]
    [listed] = rrmq("list", "--json").stdout.splitlines()
    assert json.loads(listed) == {
        key: value for key, value in status.items() if key not in {"problem", "held_up"}
    }
    assert status["held_up"] is None

    results = [json.loads(line) for line in rrmq("results", job, "--json").stdout.splitlines()]
    assert [result["champion"] for result in results] == ["c2", "c7"]
    rows = list(csv.DictReader(io.StringIO(rrmq("results", job, "--csv").stdout)))
    assert [(row["tournament"], row["candidate"], float(row["bt"])) for row in rows] == [
        (result["tournament"], standing["candidate"], standing["bt"])
        for result in results
        for standing in result["standings"]
    ]
    table = rrmq("results", job, "--tournament", "t1").stdout
    assert "c7" in table
    assert "t0" not in table
    drawn = rrmq("bracket", job, "t1").stdout.splitlines()
    assert drawn[0] == "t1: c7"
    assert len(drawn) == 2 + 8


def test_a_job_of_many_tournaments_shows_its_champions(
    database: Database, broker: BrokerClient, rrmq: Rrmq
) -> None:
    job = submit_file(database, lines([2] * 21))
    play(database, broker)
    table = rrmq("results", job).stdout.splitlines()
    assert len(table) == 2 + 21
    assert len(rrmq("results", job, "--json").stdout.splitlines()) == 21


def test_an_unfinished_tournament_has_no_champion(database: Database, rrmq: Rrmq) -> None:
    job = submit_file(database, lines([3]))
    result = json.loads(rrmq("results", job, "--json").stdout)
    assert (result["champion"], result["standings"], result["state"]) == (None, [], "waiting")
    assert rrmq("results", job, "--csv").stdout.count("\n") == 1
    assert rrmq("bracket", job).stdout.splitlines()[2:] == _undecided(database)


def _undecided(database: Database) -> list[str]:
    with database.begin() as tx:
        seed = tx.scalar(text("SELECT seed FROM tournaments"))
    a, b, c = (f"c{number}" for number in leaves(3, seed, Seeding.RANDOM) if number is not None)
    return [f"{a} ─┬─ … ─┐", f"{b} ─┘     ├─ …", f"{c} ───────┘"]


def test_only_a_knockout_has_a_bracket(database: Database, rrmq: Rrmq) -> None:
    job = submit_file(database, lines([3]), strategy="elo")
    fault = rrmq("bracket", job).exception
    assert isinstance(fault, UsageFault)
    assert f"rrmq results {job}" in fault.detail


def test_a_double_elimination_has_a_bracket_too(
    database: Database, broker: BrokerClient, rrmq: Rrmq
) -> None:
    job = submit_file(database, lines([4]), strategy="double-elimination")
    play(database, broker)
    drawn = rrmq("bracket", job).stdout.splitlines()
    assert drawn[0] == "t0: c3"
    assert "winners' bracket" in drawn
    assert drawn[-2] == "final"
    assert drawn[-1].startswith("  c3 beats c")
    assert len(json.loads(rrmq("bracket", job, "--json").stdout)["matches"]) == 6
    assert f"rrmq bracket {job}" in rrmq("status", job, "--watch").stdout


def test_what_is_not_there_is_said(database: Database, rrmq: Rrmq) -> None:
    job = submit_file(database, lines([3]))
    assert isinstance(rrmq("status", "f").exception, JobNotFound)
    for line in (["results", job, "--tournament", "x"], ["bracket", job, "x"]):
        assert isinstance(rrmq(*line).exception, TournamentNotFound)


def test_without_a_job_the_newest_is_shown_and_named(
    database: Database, broker: BrokerClient, rrmq: Rrmq
) -> None:
    nothing = rrmq("status").exception
    assert isinstance(nothing, JobNotFound)
    assert "rrmq submit FILE" in str(nothing)
    submit_file(database, lines([2]))
    job = submit_file(database, lines([3, 4]), name="newer", id="ba9876543210")
    play(database, broker)
    for verb in ("status", "results", "leaderboard", "diagnose", "votes", "bracket"):
        shown = rrmq(verb, "--json")
        assert shown.exception is None
        assert shown.stderr.startswith(f"job {job}, the newest: newer\n")
        assert shown.stdout == rrmq(verb, job, "--json").stdout
    assert "the newest" not in rrmq("status", job).stderr
    watched = rrmq("status", "--watch")
    assert watched.stderr.splitlines()[1].startswith("succeeded: 5/5 matches, 2/2 tournaments")


def test_a_mistyped_word_names_the_one_that_was_meant(database: Database, rrmq: Rrmq) -> None:
    job = submit_file(database, lines([3, 3]), name="nightly-run")
    mistyped = job[:5] + ("0" if job[5] != "0" else "1") + job[6:]
    for line, meant in (
        (["resluts"], "results"),
        (["status", mistyped], job),
        (["status", "nightly-rnu"], f"{job} (nightly-run)"),
        (["results", job, "t-1"], "t1"),
        (["submit", "x", "--strategy", "knockuot"], "knockout"),
        (["submit", "x", "--judge", "referense"], "reference"),
        (["submit", "x", "--judge", "simulatd:0.8"], "simulated"),
    ):
        said = str(rrmq(*line).exception)
        assert f"did you mean {meant}?" in said
        assert "\n" not in said
    assert "`rrmq list` shows them" in str(rrmq("status", "zzzzzz").exception)


def test_what_goes_into_a_pipe_is_not_wrapped(
    database: Database, broker: BrokerClient, rrmq: Rrmq
) -> None:
    name = "a name of many words " * 10
    job = submit_file(database, lines([4] * 21), name=name)
    play(database, broker)
    [heading, _, row] = rrmq("list", COLUMNS=None).stdout.splitlines()
    assert name.strip() in row
    assert "judge" in heading
    assert len(rrmq("list").stdout.splitlines()) > 3, "COLUMNS says how wide a line may be"
    for words in (["results", job], ["results", job, "t0"], ["votes", job, "t0"]):
        rows = rrmq(*words, COLUMNS=None).stdout.splitlines()
        assert all(len(line) < 200 for line in rows)
    assert all(
        len(line) < 300 for line in rrmq("votes", job, "--full", COLUMNS=None).stdout.splitlines()
    )


def test_the_package_is_a_command(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "rrm_queue", "list"]
    shown = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=True
    )
    assert shown.stderr.startswith("no jobs yet; `rrmq submit FILE`")


def test_cancelling_twice_is_cancelling_once(
    database: Database, broker: BrokerClient, rrmq: Rrmq
) -> None:
    job = submit_file(database, lines([3]))
    assert "is cancelled" in rrmq("cancel", job).stdout
    assert broker.client.get(stopped_key(job)) is not None
    assert "had ended before: cancelled" in rrmq("cancel", job).stdout
    assert json.loads(rrmq("cancel", job, "--json").stdout)["state"] == "cancelled"


def test_a_job_is_deleted_once_it_has_ended(database: Database, rrmq: Rrmq) -> None:
    job = submit_file(database, lines([3]))
    running = rrmq("delete", job, "--yes").exception
    assert isinstance(running, UsageFault)
    assert "cancel it first" in str(running)
    rrmq("cancel", job)
    asked = rrmq("delete", job).exception
    assert isinstance(asked, UsageFault)
    assert "--yes" in str(asked), "there is no terminal to confirm on"
    assert json.loads(rrmq("delete", job, "--yes", "--json").stdout)["job"] == job
    assert isinstance(rrmq("delete", job, "--yes").exception, JobNotFound)


def test_a_job_is_cancelled_without_a_broker(database: Database, rrmq: Rrmq) -> None:
    job = submit_file(database, lines([3]))
    result = rrmq("cancel", job, RRMQ_BROKER_URL=NOWHERE)
    assert result.exception is None
    assert "broker does not answer" in result.stderr
    assert json.loads(rrmq("status", job, "--json").stdout)["state"] == "cancelled"


def test_status_says_that_nobody_judges(
    database: Database, broker: BrokerClient, rrmq: Rrmq
) -> None:
    job = submit_file(database, lines([3]))
    assert "`rrmq worker --judge reference`" in rrmq("status", job).stdout
    without_broker = rrmq("status", job, RRMQ_BROKER_URL=NOWHERE)
    assert without_broker.return_value == 0
    assert "broker does not answer" in without_broker.stdout
    WorkerLeases(broker.client, "w").announce({QUEUE: 4})
    assert "worker" not in rrmq("status", job).stdout


def test_watching_ends_with_the_job(database: Database, broker: BrokerClient, rrmq: Rrmq) -> None:
    job = submit_file(database, lines([4]))
    walk = Thread(target=play, args=(database, broker))
    walk.start()
    result = rrmq("status", job, "--watch", "--json")
    walk.join()
    assert result.return_value == 0
    assert json.loads(result.stdout)["state"] == "succeeded"
    shown = rrmq("status", job, "--watch")
    assert "c3" in shown.stdout
    assert f"rrmq bracket {job}" in shown.stdout
    assert shown.stderr.startswith("succeeded: 3/3 matches")


def test_watching_a_job_that_ended_badly_is_exit_code_3(database: Database, rrmq: Rrmq) -> None:
    job = submit_file(database, lines([4]))
    rrmq("cancel", job)
    assert rrmq("status", job, "--watch").return_value == 3


def test_ctrl_c_ends_the_watching_alone(
    database: Database, broker: BrokerClient, environment: dict[str, str], rrmq: Rrmq
) -> None:
    job = submit_file(database, lines([4]))
    command = [sys.executable, "-m", "rrm_queue.cli.main", "status", job, "--watch"]
    with subprocess.Popen(
        command, env=os.environ | environment, stderr=subprocess.PIPE, text=True
    ) as watcher:
        assert watcher.stderr is not None
        assert watcher.stderr.readline().startswith("queued: 0/3 matches")
        watcher.send_signal(signal.SIGINT)
        rest = watcher.stderr.read()
    assert watcher.returncode == 130
    assert f"`rrmq status {job} --watch`" in rest
    assert "Traceback" not in rest
    assert json.loads(rrmq("status", job, "--json").stdout)["state"] == "queued"


def test_doctor_is_content_only_when_all_is_well(database: Database, rrmq: Rrmq) -> None:
    assert rrmq("doctor").return_value == 0
    submit_file(database, lines([3]))
    unserved = json.loads(rrmq("doctor", "--json").stdout)
    assert not unserved["well"]
    [wrong] = [check for check in unserved["checks"] if not check["well"]]
    assert (wrong["name"], wrong["remedy"]) == (
        "judge reference",
        "`rrmq worker --judge reference`",
    )


@pytest.mark.parametrize(("model", "judge"), [("rrm-7b", "rrm-7b"), ("tiny", "sglang:tiny")])
def test_doctor_finds_that_no_worker_serves_a_model(
    database: Database, rrmq: Rrmq, model: str, judge: str
) -> None:
    queue = f"rrmq.judge.{model}"
    submit_file(database, lines([3]), judge={"kind": "sglang", "argument": model}, queue=queue)
    report = json.loads(rrmq("doctor", "--json").stdout)
    [wrong] = [check for check in report["checks"] if not check["well"]]
    assert wrong == {
        "name": f"judge {judge}",
        "well": False,
        "detail": "0 live workers, 1 unfinished job",
        "remedy": f"`rrmq worker --judge {judge} --model MODEL`",
    }


def test_doctor_lists_the_models_that_workers_serve(broker: BrokerClient, rrmq: Rrmq) -> None:
    WorkerLeases(broker.client, process_name()).announce({"rrmq.judge.tiny": 9})
    report = json.loads(rrmq("doctor", "--json").stdout)
    [served] = [check for check in report["checks"] if check["name"] == "judge sglang:tiny"]
    assert (report["well"], served["detail"]) == (True, "1 live worker, 9 matches at once")


def test_a_health_check_finds_whatever_this_machine_serves(
    broker: BrokerClient, rrmq: Rrmq
) -> None:
    elsewhere = WorkerLeases(broker.client, "another-machine:1:aa")
    elsewhere.announce({"rrmq.judge.tiny": 1})
    assert rrmq("doctor", "--here", "any").return_value == 1
    here = WorkerLeases(broker.client, process_name())
    here.announce({"rrmq.judge.org/model:v1": 1})
    assert rrmq("doctor", "--here", "any").return_value == 0
    assert rrmq("doctor", "--here", "sglang:org/model:v1").return_value == 0
    assert rrmq("doctor", "--here", "sglang:tiny").return_value == 1
    here.withdraw(["rrmq.judge.org/model:v1"])
    assert rrmq("doctor", "--here", "any").return_value == 1


def test_doctor_names_old_tables(database: Database, rrmq: Rrmq) -> None:
    with database.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    checks = json.loads(rrmq("doctor", "--json").stdout)["checks"]
    [tables] = [check for check in checks if check["name"] == "tables"]
    assert (tables["well"], tables["remedy"]) == (False, "run `rrmq db upgrade`")


def test_doctor_says_which_server_is_away_and_tells_no_password(rrmq: Rrmq) -> None:
    away = rrmq(
        "doctor",
        RRMQ_DATABASE_URL="postgresql://me:secret@127.0.0.1:1/x",
        RRMQ_BROKER_URL="redis://:secret@127.0.0.1:1/0",
    )
    assert away.return_value == 1
    assert away.stdout.count("wrong") == 2
    assert "secret" not in away.stdout


@pytest.mark.parametrize("verb", ["up", "down"])
def test_real_servers_are_left_alone(verb: str, rrmq: Rrmq) -> None:
    assert isinstance(rrmq(verb).exception, UsageFault)
