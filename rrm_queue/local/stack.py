"""The local stack as a whole: two servers and two processes under one home folder."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from msgspec import Struct

from rrm_queue.errors import StackFault
from rrm_queue.local import guard, sockets
from rrm_queue.local.daemon import Daemon, Waiting, one_at_a_time, tell_nobody
from rrm_queue.local.postgres import Postgres
from rrm_queue.local.stop_mark import StopMark
from rrm_queue.local.valkey import Valkey

PROCESSES: Mapping[str, Sequence[str]] = {
    name: (sys.executable, "-m", "rrm_queue.cli.main", name) for name in ("coordinator", "worker")
}

Say = Callable[[str], None]
"""Shows a line to the user."""

_LOCKED = "waiting for another command that starts or stops the stack"
_WORK_BEFORE_END = {
    "worker": "it finishes the matches that it has begun",
    "coordinator": "it records what has arrived",
    "valkey": "it saves its data",
    "postgres": "it saves its data",
}

_SETTLING = 1.0
# Longer than the time in which a stopping worker releases its matches.
_PATIENCE = 40.0


class Addresses(Struct, frozen=True):
    """Where the servers of the stack are: URLs for SQLAlchemy and for Celery."""

    database_url: str
    broker_url: str


class Part(Struct, frozen=True):
    """The state of one part of the stack; `remedy` says what to do when it does not run."""

    name: str
    running: bool
    detail: str
    remedy: str | None


class LocalStack:
    """The stack in `home`. Any number of commands may use it at the same time.

    `processes` holds the commands of the processes other than the servers, in order of start.
    All methods raise StackFault, and nothing else, for what goes wrong on the machine.
    """

    def __init__(
        self,
        home: Path,
        *,
        postgres_bin: Path | None = None,
        valkey_bin: Path | None = None,
        processes: Mapping[str, Sequence[str]] = PROCESSES,
    ) -> None:
        # One spelling for one folder, because the name of the sockets' folder depends on it.
        self._home = Path(os.path.realpath(home.expanduser()))
        self._sockets = sockets.folder(self._home)
        self._postgres = Postgres(self._home, postgres_bin)
        self._valkey = Valkey(self._home, valkey_bin)
        self._guard = Daemon(guard.NAME, self._home)
        self._processes = {Daemon(name, self._home): argv for name, argv in processes.items()}
        self._stopped = StopMark(self._home / "run" / "stopped")

    @property
    def addresses(self) -> Addresses:
        """Where the servers are, whether or not they are up."""
        return Addresses(self._postgres.url, self._valkey.url)

    def ensure_services(self, *, since: float | None = None) -> Addresses:
        """The addresses of both servers. Starts the servers and the guard if they are not up.

        Raises StackStopped when something must be started and `down` was called after `since`.
        `since` is a time of `time.time`; the default is now.
        """
        since = time.time() if since is None else since
        with self._faults():
            if not (self._serves() and self._guard.pid is not None):
                with self._starting(since):
                    _start(self._guard, guard.command(self._home), guard.environment())
                    self._postgres.ensure()
                    self._valkey.ensure()
        return self.addresses

    def ensure_processes(
        self,
        environment: Mapping[str, str],
        *,
        fingerprint: str = "",
        since: float | None = None,
    ) -> None:
        """Start the processes that do not run. Their environment is exactly `environment`.

        `fingerprint` stands for the settings that matter to the caller. Processes that were started
        with a different fingerprint are restarted; an empty one accepts any. `since` is as for
        `ensure_services`.
        """
        since = time.time() if since is None else since
        with self._faults():
            if self._stopped.time is not None or any(
                self._must_start(daemon, fingerprint) for daemon in self._processes
            ):
                with self._starting(since):
                    for daemon in self._processes:
                        if self._must_start(daemon, fingerprint):
                            daemon.end(signal.SIGTERM, _PATIENCE)
                            self._fingerprint(daemon).write_text(fingerprint)
                    self._start_processes(environment)

    def _must_start(self, daemon: Daemon, fingerprint: str) -> bool:
        if daemon.pid is None or not fingerprint:
            return daemon.pid is None
        noted = self._fingerprint(daemon)
        return not noted.exists() or noted.read_text() != fingerprint

    def _fingerprint(self, daemon: Daemon) -> Path:
        return self._home / "run" / f"{daemon.name}.mark"

    def refuse_if_stopped(self, since: float) -> None:
        """Raises StackStopped when `down` came after `since` and nothing was started since."""
        with self._faults():
            self._stopped.refuse(since)

    def down(self, say: Say = tell_nobody) -> list[str]:
        """Stop everything. Returns the names of what ran. Servers stop after their users.

        `say` is called with a line for each process that does not end soon.
        """
        ends: dict[str, Callable[[Waiting], bool]] = {
            daemon.name: partial(daemon.end, signal.SIGTERM, _PATIENCE)
            for daemon in reversed(self._processes)
        }
        for server in (self._valkey, self._postgres):
            ends[server.daemon.name] = server.end
        with self._faults():
            if not (self._home / "run").exists():
                return []
            self._stopped.put()  # first, so that no other command starts the parts again
            with self._change(lambda: say(_LOCKED)):
                ended = [name for name, end in ends.items() if end(_teller(name, say))]
                self._guard.end(signal.SIGTERM, _PATIENCE)
                self._leave_sockets()
        return ended

    def inspect(self) -> list[Part]:
        """The state of each part. It starts nothing, and raises nothing for a broken part."""
        servers = (self._postgres, self._valkey)
        return [
            *(
                _inspect(server.daemon, partial(_details, server), server.answers)
                for server in servers
            ),
            *(_inspect(daemon, list, lambda: True) for daemon in self._processes),
        ]

    def _serves(self) -> bool:
        # In a folder that other users can write to, the socket may be another user's.
        return (
            sockets.private(self._sockets, self._home)
            and self._postgres.answers()
            and self._valkey.answers()
        )

    def _start_processes(self, environment: Mapping[str, str]) -> None:
        started = [
            (daemon, child)
            for daemon, argv in self._processes.items()
            if (child := _start(daemon, argv, environment))
        ]
        deadline = time.monotonic() + _SETTLING
        for daemon, child in started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
                raise daemon.fault("ended at once")

    def _leave_sockets(self) -> None:
        if not self._sockets.is_relative_to(self._home):
            with contextlib.suppress(OSError):
                self._sockets.rmdir()

    @contextlib.contextmanager
    def _starting(self, since: float) -> Iterator[None]:
        """Hold the lock to start parts. Raises StackStopped when `down` came after `since`."""
        with self._change():
            self._stopped.refuse(since)
            self._stopped.remove()
            yield

    @contextlib.contextmanager
    def _change(self, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Hold the lock under which parts are started and stopped."""
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("run", "logs"):
            (self._home / name).mkdir(mode=0o700, exist_ok=True)
        with one_at_a_time(self._home / "run" / "stack.lock", waiting):
            sockets.prepare(self._sockets, self._home)
            yield

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            where = error.filename or self._home
            raise StackFault(
                f"{where}: {error.strerror}; the home folder is {self._home} (RRMQ_HOME)"
            ) from error


def _start(
    daemon: Daemon, argv: Sequence[str], environment: Mapping[str, str]
) -> subprocess.Popen[bytes] | None:
    return daemon.ensure(lambda: argv, environment, lambda: daemon.pid is not None, _PATIENCE)


def _teller(name: str, say: Say) -> Waiting:
    """A callback that says that the command waits for the daemon `name`."""
    return lambda pid: say(f"waiting for the {name} (pid {pid}) to end: {_WORK_BEFORE_END[name]}")


def _details(server: Postgres | Valkey) -> list[str]:
    return [server.version(), f"data {server.data}"]


def _inspect(daemon: Daemon, details: Callable[[], list[str]], answers: Callable[[], bool]) -> Part:
    """The state of a daemon as a part of the stack."""
    try:
        known = [*details(), f"log {daemon.log}"]
        pid = daemon.pid
        if pid is not None and answers():
            up = timedelta(seconds=int(time.time() - daemon.lock.stat().st_mtime))
            return Part(daemon.name, True, ", ".join([f"pid {pid}, up {up}", *known]), None)
        state, remedy = _trouble(daemon, pid)
        return Part(daemon.name, False, ", ".join([state, *known]), remedy)
    except StackFault as fault:
        return Part(daemon.name, False, "not usable", fault.detail)
    except (OSError, subprocess.SubprocessError) as error:
        return Part(daemon.name, False, str(error), "set RRMQ_HOME to a folder that you can write")


def _trouble(daemon: Daemon, pid: int | None) -> tuple[str, str]:
    """What is wrong with a daemon that does not serve, and what to do about it."""
    if pid is not None:
        return f"pid {pid} does not answer", f"`rrmq up` replaces it; its log is {daemon.log}"
    if daemon.crashed:
        return "ended unexpectedly", f"read {daemon.log}, then `rrmq up`"
    return "not running", "`rrmq up`"
