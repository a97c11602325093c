"""The local stack's processes: started once, ended, watched by the guard, and stopped by `down`."""

import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from kit.homes import remove
from kit.local_stacks import (
    SERVERS,
    SLEEP,
    assert_data,
    callers,
    leave_data,
    pid_of,
    pids,
    sleepers,
    until_guarded,
)
from kit.processes import lives
from kit.waiting import PATIENCE, eventually

from rrm_queue.errors import StackFault, StackStopped
from rrm_queue.local.daemon import Daemon, one_at_a_time

IGNORE = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True);"
LINGER = """
import os, signal, sys, time
def end(*_):
    while not os.path.exists(f"{sys.argv[1]}/{os.getpid()}.may-end"):
        time.sleep(0.01)
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
"""
"""It does not end before its user was told that somebody waits for it."""

FORK = "import os; os.fork();"

pytestmark = pytest.mark.slow  # processes are started, and killed, in every test


@pytest.fixture
def daemon(home: Path) -> Daemon:
    for name in ("run", "logs"):
        (home / name).mkdir(parents=True)
    return Daemon("worker", home)


def start(daemon: Daemon, program: str) -> None:
    argv = [sys.executable, "-c", program]
    daemon.ensure(lambda: argv, {}, lambda: daemon.pid is not None, PATIENCE)


def test_six_callers_start_each_process_once(home: Path) -> None:
    results = callers(home, "stack.ensure_processes({})")
    assert {code for code, _ in results} == {0}, results
    eventually(lambda: len(pids(home, "python")) == 2, "two have begun")
    assert sleepers(home).down() == ["worker", "coordinator"]
    assert not pids(home, "python")


def test_a_killed_process_is_found_dead_and_started_again(home: Path) -> None:
    stack = sleepers(home)
    stack.ensure_processes({})
    worker = Daemon("worker", home)
    first = worker.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    eventually(lambda: worker.pid is None, "the worker is gone")
    stack.ensure_processes({})
    assert worker.pid not in {None, first}
    eventually(lambda: len(pids(home, "python")) == 2, "two have begun")


def test_a_child_that_a_killed_process_left_behind_does_not_pass_for_it(home: Path) -> None:
    stack = sleepers(home, FORK + SLEEP)
    stack.ensure_processes({})
    worker = Daemon("worker", home)
    first = worker.pid
    assert first is not None
    eventually(lambda: len(pids(home, "python")) == 4, "both have a child")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: worker.pid is None, "the worker is gone")
    assert worker.held()
    stack.ensure_processes({})
    assert worker.pid not in {None, first}
    eventually(lambda: len(pids(home, "python")) == 4, "both have a child")


def test_processes_of_another_mark_are_started_anew(home: Path) -> None:
    stack = sleepers(home)

    def pids() -> list[int | None]:
        return [Daemon(name, home).pid for name in ("coordinator", "worker")]

    stack.ensure_processes({}, fingerprint="one key")
    first = pids()
    stack.ensure_processes({}, fingerprint="one key")
    stack.ensure_processes({})
    assert pids() == first
    stack.ensure_processes({}, fingerprint="another key")
    assert None not in pids()
    assert not set(pids()) & set(first)


def test_a_process_gets_the_environment_it_is_given_and_no_other(home: Path) -> None:
    program = "import os, sys, time; print(sorted(os.environ), os.getcwd(), flush=True);"
    sleepers(home, program + SLEEP).ensure_processes({"RRMQ_HOME": str(home)})
    log = home / "logs" / "worker.log"
    said = eventually(log.read_text, "it says its environment")
    assert "RRMQ_HOME" in said
    assert "HOME'" not in said.replace("RRMQ_HOME'", "")
    assert said.endswith(" /\n")


def test_a_process_that_dies_at_once_is_a_fault_with_its_last_words(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rrm_queue.local.stack._SETTLING", PATIENCE)
    with pytest.raises(StackFault, match="the database is on fire") as fault:
        sleepers(home, "raise SystemExit('the database is on fire')").ensure_processes({})
    assert f"(log: {home}/logs/" in str(fault.value)
    assert "\n" not in str(fault.value)


def test_a_deaf_process_is_ended_by_force(daemon: Daemon) -> None:
    start(daemon, IGNORE + SLEEP)
    eventually(lambda: daemon.log.read_text() == "up\n", "it is up")
    assert daemon.end(signal.SIGTERM, 0.2)
    assert daemon.pid is None
    assert not daemon.crashed


def test_a_large_log_is_put_aside_at_the_next_start(daemon: Daemon) -> None:
    daemon.log.write_bytes(b"x" * 10_000_001)
    start(daemon, "print('fresh', flush=True);" + SLEEP)
    eventually(lambda: daemon.log.read_text() == "fresh\n", "the new log has a line")
    assert daemon.log.with_suffix(".log.1").stat().st_size == 10_000_001


@pytest.mark.parametrize("anew", [False, True])
def test_the_processes_of_a_removed_home_end_by_themselves(home: Path, anew: bool) -> None:
    stack = sleepers(home)
    leave_data(stack.ensure_services())
    stack.ensure_processes({})
    names = ("coordinator", "worker", "guard", *SERVERS)
    running = [pid_of(name, home) for name in names]
    until_guarded(home)
    remove(home)
    if anew:
        leave_data(stack.ensure_services())
        stack.ensure_processes({})
    eventually(lambda: not any(map(lives, running)), "all have ended")
    if anew:
        new = [pid_of(name, home) for name in names]
        assert_data(stack.ensure_services())
        assert [pid_of(name, home) for name in names] == new


def wait_until_up(home: Path) -> None:
    """Waits until the processes of the stack have said so."""
    logs = [Daemon(name, home).log for name in ("worker", "coordinator")]
    eventually(lambda: all(log.read_text() == "up\n" for log in logs), "both are up")


def telling(home: Path, said: list[str]) -> Callable[[str], None]:
    """Keeps what `down` says, and lets the process end that it says to wait for."""

    def tell(line: str) -> None:
        said.append(line)
        if found := re.search(r"\(pid (\d+)\)", line):
            (home / f"{found[1]}.may-end").touch()

    return tell


def test_down_tells_what_it_waits_for(home: Path) -> None:
    stack = sleepers(home, LINGER + SLEEP)
    stack.ensure_processes({})
    wait_until_up(home)
    pids = [pid_of(name, home) for name in ("worker", "coordinator")]
    said: list[str] = []
    stack.down(telling(home, said))
    assert said == [
        f"waiting for the worker (pid {pids[0]}) to end: it finishes the matches that it has begun",
        f"waiting for the coordinator (pid {pids[1]}) to end: it records what has arrived",
    ]


def test_down_tells_that_it_waits_for_another_command(home: Path) -> None:
    stack = sleepers(home)
    stack.ensure_processes({})
    said: list[str] = []
    thread = threading.Thread(target=stack.down, args=[said.append])
    with one_at_a_time(home / "run" / "stack.lock"):
        thread.start()
        eventually(lambda: said, "it says something")
    thread.join(PATIENCE)
    assert said[0] == "waiting for another command that starts or stops the stack"
    assert not thread.is_alive()


def test_what_down_stopped_is_started_only_by_what_came_after_it(home: Path) -> None:
    stack = sleepers(home)
    stack.ensure_services()
    earlier = time.time()
    stack.refuse_if_stopped(earlier)
    stack.down()
    for start_again in (stack.refuse_if_stopped, lambda since: stack.ensure_services(since=since)):
        with pytest.raises(StackStopped, match="rrmq down"):
            start_again(earlier)
    with pytest.raises(StackStopped, match="rrmq down"):
        stack.ensure_processes({}, since=earlier)
    assert not pids(home, "postgres")
    assert not pids(home, "python")
    stack.ensure_services()
    stack.ensure_services(since=earlier)
    stack.refuse_if_stopped(earlier)


def test_a_start_that_waits_for_a_down_does_not_undo_it(home: Path) -> None:
    stack = sleepers(home, LINGER + SLEEP)
    stack.ensure_processes({})
    wait_until_up(home)
    thread = threading.Thread(target=stack.down, args=[telling(home, [])])
    earlier = time.time()
    thread.start()
    eventually((home / "run" / "stopped").exists, "the stack is being stopped")
    with pytest.raises(StackStopped):
        stack.ensure_services(since=earlier)
    thread.join(PATIENCE)
    assert not pids(home, "postgres")
