"""The command against servers that the environment names, each process started by hand."""

import json
import signal
import subprocess
from pathlib import Path

from kit.command import Rrmq
from kit.waiting import PATIENCE

from rrm_queue.local.stack import Addresses


def test_coordinator_worker_and_command_are_processes_that_end_when_asked(
    rrmq_there: Rrmq, example: Path, ended: list[subprocess.Popen[bytes]]
) -> None:
    ended += [rrmq_there.start("coordinator"), rrmq_there.start("worker", "--judge", "reference")]
    status = json.loads(rrmq_there.ok("submit", str(example), "--watch", "--json"))
    assert (status["state"], status["matches"]["done"]) == ("succeeded", 84)
    for process in ended:
        assert process.poll() is None, "it must wait for more"
        process.send_signal(signal.SIGTERM)
    assert [process.wait(PATIENCE) for process in ended] == [0, 0]
    assert not Path(rrmq_there.environment["RRMQ_HOME"]).exists(), "nothing local is started"


def test_a_worker_needs_the_broker_and_nothing_else(
    rrmq_there: Rrmq, example: Path, ended: list[subprocess.Popen[bytes]]
) -> None:
    lonely = {k: v for k, v in rrmq_there.environment.items() if k != "RRMQ_DATABASE_URL"}
    ended += [rrmq_there.start("coordinator"), Rrmq(lonely).start("worker")]
    status = json.loads(rrmq_there.ok("submit", str(example), "--watch", "--json"))
    assert status["state"] == "succeeded"


def test_a_job_waits_for_a_coordinator_and_a_worker(
    rrmq_there: Rrmq, example: Path, ended: list[subprocess.Popen[bytes]]
) -> None:
    job = json.loads(rrmq_there.ok("submit", str(example), "--json"))
    assert job["tournaments"] == 12
    assert job["candidates"] == 96
    assert json.loads(rrmq_there.ok("status", job["job"], "--json"))["state"] == "queued"
    ended += [rrmq_there.start("coordinator"), rrmq_there.start("worker")]
    rrmq_there.ok("status", job["job"], "--watch")


def test_tables_are_made_by_db_upgrade_and_asked_for_until_then(
    servers: Addresses, rrmq_there: Rrmq, example: Path
) -> None:
    empty = servers.database_url.replace("/rrmq?", "/postgres?")
    there = Rrmq(rrmq_there.environment | {"RRMQ_DATABASE_URL": empty})
    done = there("submit", str(example))
    assert done.returncode == 1
    assert "rrmq db upgrade" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_database_that_is_down_is_one_line(rrmq_there: Rrmq, example: Path) -> None:
    nowhere = "postgresql://rrmq:secret@127.0.0.1:9/rrmq"
    there = Rrmq(rrmq_there.environment | {"RRMQ_DATABASE_URL": nowhere})
    for arguments in (("submit", str(example)), ("status", "abc"), ("list",)):
        done = there(*arguments)
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1
        assert "secret" not in done.stderr


def test_one_address_alone_is_refused(rrmq_there: Rrmq) -> None:
    half = {k: v for k, v in rrmq_there.environment.items() if k != "RRMQ_BROKER_URL"}
    done = Rrmq(half)("list")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
