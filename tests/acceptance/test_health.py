"""The health check of a container: whether this machine's coordinator or worker is at work."""

import signal
import subprocess
from collections.abc import Callable

from kit.command import Rrmq
from kit.waiting import PATIENCE, eventually


def test_a_coordinator_is_at_work_while_its_loop_turns(
    rrmq_there: Rrmq, ended: list[subprocess.Popen[bytes]]
) -> None:
    there = _check(rrmq_there, "coordinator")
    eventually(lambda: not there(), "no coordinator is at work")
    coordinator = rrmq_there.start("coordinator")
    ended.append(coordinator)
    eventually(there, "it is at work")
    coordinator.send_signal(signal.SIGSTOP)
    eventually(lambda: not there(), "it is not at work while it is stopped")
    coordinator.send_signal(signal.SIGCONT)
    eventually(there, "it is at work again")
    coordinator.send_signal(signal.SIGTERM)
    assert coordinator.wait(PATIENCE) == 0
    assert not there(), "it leaves the roll when it ends"


def test_a_worker_is_at_work_for_the_judges_that_it_serves(
    rrmq_there: Rrmq, ended: list[subprocess.Popen[bytes]]
) -> None:
    lonely = {k: v for k, v in rrmq_there.environment.items() if k != "RRMQ_DATABASE_URL"}
    worker = Rrmq(lonely).start("worker", "--judge", "replay")
    ended.append(worker)
    eventually(_check(Rrmq(lonely), "replay"), "it is at work")
    assert _check(Rrmq(lonely), "any")()
    assert not _check(Rrmq(lonely), "sglang:nobody")()


def test_a_broker_that_is_away_is_one_line_and_exit_code_1(rrmq_there: Rrmq) -> None:
    away = Rrmq(rrmq_there.environment | {"RRMQ_BROKER_URL": "redis://:secret@127.0.0.1:9/0"})
    done = away("doctor", "--here", "any")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "secret" not in done.stderr


def _check(rrmq: Rrmq, name: str) -> Callable[[], bool]:
    return lambda: rrmq("doctor", "--here", name).returncode == 0
