"""Local stacks of tests: their servers' data, their processes, and callers at the same time."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import redis

from kit.waiting import PATIENCE, eventually
from rrm_queue.local.daemon import Daemon
from rrm_queue.local.stack import Addresses, LocalStack

SERVERS = ("postgres", "valkey")
SLEEP = "import time; time.sleep(600)"


def sleepers(home: Path, program: str = SLEEP) -> LocalStack:
    """A stack whose processes run a little program; their command lines name the home."""
    argv = [sys.executable, "-c", program, str(home)]
    return LocalStack(home, processes={"coordinator": argv, "worker": argv})


def postgres(addresses: Addresses, statement: str) -> list[tuple[object, ...]]:
    url = addresses.database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def valkey(addresses: Addresses) -> "redis.Redis":
    return redis.Redis(
        unix_socket_path=addresses.broker_url.removeprefix("redis+socket://"),
        decode_responses=True,
    )


def leave_data(addresses: Addresses) -> None:
    postgres(addresses, "create table kept as select 42 as number")
    with valkey(addresses) as client:
        client.set("kept", "42")
        client.execute_command("WAITAOF", 1, 0, int(1000 * PATIENCE))


def assert_data(addresses: Addresses) -> None:
    assert postgres(addresses, "select number from kept") == [(42,)]
    with valkey(addresses) as client:
        assert client.get("kept") == "42"


def pids(home: Path, program: str) -> list[int]:
    """Living processes of `program` whose command line names something in `home`."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = process.info["cmdline"] or []
        named = any(str(home) in word for word in line)
        alive = process.info["status"] != psutil.STATUS_ZOMBIE
        if named and alive and program in Path(line[0].split()[0]).name:
            found.append(process.pid)
    return found


def first_pids(home: Path, program: str) -> list[int]:
    """The same without their children: one that was forked just now still has its parent's name."""
    found = pids(home, program)
    return [pid for pid in found if _parent(pid) not in found]


def _parent(pid: int) -> int | None:
    try:
        return psutil.Process(pid).ppid()
    except psutil.NoSuchProcess:
        return None


def pid_of(name: str, home: Path) -> int:
    pid = Daemon(name, home).pid
    assert pid is not None
    return pid


def until_guarded(home: Path) -> None:
    """Returns once the guard has looked at all that runs in the home now.

    The guard sleeps between two looks, and the system counts how often. So between the second and
    the third of these sleeps there is a whole look.
    """
    guard = psutil.Process(pid_of("guard", home))
    before = guard.num_ctx_switches().voluntary
    looks = "the guard has looked"
    eventually(lambda: guard.num_ctx_switches().voluntary >= before + 3, looks)


def kill_servers(home: Path) -> None:
    for name in SERVERS:
        os.kill(pid_of(name, home), signal.SIGKILL)


def callers(home: Path, action: str) -> list[tuple[int, str]]:
    """Six processes that do `action` with a stack at the same time; exit codes and output."""
    script = (
        "import sys; from pathlib import Path; from rrm_queue.local.stack import LocalStack\n"
        f"argv = [sys.executable, '-c', {SLEEP!r}, sys.argv[1]]\n"
        "stack = LocalStack(Path(sys.argv[1]), processes={'coordinator': argv, 'worker': argv})\n"
        f"print({action})"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(home)], stdout=-1, stderr=-2, text=True)
        for _ in range(6)
    ]
    return [(caller.wait(PATIENCE), caller.communicate()[0]) for caller in running]
