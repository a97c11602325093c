"""The guard of a local stack: it ends the stack's processes once their home folder is gone.

When the home was removed, or made again for another stack, its old processes are useless, and no
command finds them any more. The guard is a process of its own, because a server cannot check this
itself. It runs as `python -m rrm_queue.local.guard HOME`.
"""

import signal
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from rrm_queue.local.daemon import Daemon

NAME = "guard"
USERS, SERVERS = ("worker", "coordinator"), ("valkey", "postgres")

LOOK = 0.5
"""Seconds between two checks of the home."""

GONE = 4
"""The home counts as gone after this many checks in a row that did not find it."""

PATIENCE = 30.0
"""Seconds for a coordinator or worker to end by itself."""


def command(home: Path) -> list[str]:
    """The command line of the guard of `home`."""
    return [sys.executable, "-m", "rrm_queue.local.guard", str(home)]


def environment() -> dict[str, str]:
    """The environment variables that the guard needs: the path of the modules."""
    return {"PYTHONPATH": ":".join(filter(None, sys.path))}


def watch(home: Path) -> None:
    """Returns when the home is gone and every process that was seen in it has ended."""
    guard = Daemon(NAME, home)
    daemons = [Daemon(name, home) for name in (*USERS, *SERVERS)]
    seen: dict[str, psutil.Process] = {}
    missed = 0
    while missed < GONE:
        if _is_ours(guard):
            missed = 0
            seen |= {daemon.name: found for daemon in daemons if (found := _process(daemon))}
        else:
            missed += 1
        time.sleep(LOOK)
    print("the home folder is gone: the stack's processes are ended", flush=True)
    _end(_named(seen, USERS), signal.SIGTERM)
    # A server that ends normally removes its socket. By now that may be the socket of a new stack.
    _end(_named(seen, SERVERS), signal.SIGKILL if home.exists() else signal.SIGINT)


def _named(seen: Mapping[str, psutil.Process], names: Iterable[str]) -> list[psutil.Process]:
    return [seen[name] for name in names if name in seen]


def _is_ours(guard: Daemon) -> bool:
    """Whether the home exists, and this process is still its guard."""
    try:
        return guard.lock.read_text().strip() in ("", str(psutil.Process().pid))
    except FileNotFoundError:
        return False
    except OSError:
        return True  # a disk that does not answer is not a removed folder


def _process(daemon: Daemon) -> psutil.Process | None:
    pid = daemon.pid
    try:
        return psutil.Process(pid) if pid is not None else None
    except psutil.NoSuchProcess:
        return None


def _end(processes: Sequence[psutil.Process], request: signal.Signals) -> None:
    """Ends them by `request`, and kills them after PATIENCE seconds."""
    for process in processes:
        _send(process, request)
    deadline = time.monotonic() + PATIENCE
    while any(map(_lives, processes)) and time.monotonic() < deadline:
        time.sleep(LOOK)
    for process in processes:
        _send(process, signal.SIGKILL)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


if __name__ == "__main__":
    watch(Path(sys.argv[1]))
