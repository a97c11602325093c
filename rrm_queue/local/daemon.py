"""One process of the stack. It outlives the command that started it.

A daemon holds a lock on its own file for exactly as long as it lives, however it ends: the lock is
taken before the start, and the process and its children inherit it. So a daemon is alive exactly
when its lock is held, at most one can be alive, and the process id in the file is its own.
"""

import contextlib
import fcntl
import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import psutil
from msgspec import Struct

from rrm_queue.errors import StackFault

log = logging.getLogger(__name__)

_TICK = 0.02
# Seconds for the children of an ended daemon to end too, and for killed processes to disappear.
_GRACE, _DYING = 1.0, 10.0
# Seconds after which the user is told that a daemon is still ending.
_SOON = 0.5
_LARGEST_LOG = 10_000_000
_LAST_LINES = 3

# The shell writes its process id and becomes the daemon. So the id is known even when the command
# that starts the daemon is killed at that moment.
_TRAMPOLINE = 'echo $$ >"$0" && exec "$@"'


Waiting = Callable[[int], None]
"""Called with the id of a process that does not end soon."""


def tell_nobody(_: object) -> None:
    """Does nothing: for callers that show no progress."""


class Broken(NamedTuple):
    """What is wrong with a live daemon, and for how many seconds that may last.

    After that time it gets the signal `request`, and is killed a second later.
    """

    what: str
    patience: float
    request: signal.Signals


class Daemon(Struct, frozen=True):
    """A named daemon of the stack in `home`; starting and ending it is for one caller at a time."""

    name: str
    home: Path

    @property
    def lock(self) -> Path:
        """The file that is locked while the daemon lives; it holds the process id."""
        return self.home / "run" / f"{self.name}.lock"

    @property
    def log(self) -> Path:
        """The file that the daemon's output goes to."""
        return self.home / "logs" / f"{self.name}.log"

    def held(self) -> bool:
        """Whether the daemon, or a child that it left behind, is alive."""
        try:
            with self.lock.open("rb") as file:
                return not _take(file, fcntl.LOCK_SH)
        except FileNotFoundError:
            return False

    @property
    def pid(self) -> int | None:
        """The living daemon's process id."""
        if not self.held():
            return None
        pid = self._noted()
        return pid if pid is not None and _lives(pid) else None

    @property
    def crashed(self) -> bool:
        """Whether the daemon ended although nobody stopped it."""
        return not self.held() and self._noted() is not None

    def ensure(
        self,
        command: Callable[[], Sequence[str]],
        environment: Mapping[str, str],
        ready: Callable[[], bool],
        patience: float,
        broken: Callable[[], Broken | None] = lambda: None,
    ) -> subprocess.Popen[bytes] | None:
        """Start the daemon unless it is ready. Returns the process; None if it was ready already.

        `command` is called while no other daemon of this name can be alive. `broken` tells what is
        wrong with a live daemon; if that lasts, the daemon is replaced. Raises StackFault when the
        daemon ends at once, or is not ready after `patience` seconds.
        """
        start = time.monotonic()
        deadline = start + patience
        child = None
        while not ready():
            if child is None:
                fault = broken() if self.pid is not None else None
                if fault is not None and time.monotonic() > start + fault.patience:
                    log.warning("%s %s: it is replaced", self.name, fault.what)
                    self.end(fault.request, _GRACE)
                child = self._spawn(command, environment)
            elif child.poll() is not None:
                raise self.fault("ended at once")
            if time.monotonic() > deadline:
                raise self.fault(f"does not answer after {patience:.0f} s")
            time.sleep(_TICK)
        return child

    def works_in(self, folder: Path) -> bool:
        """Whether the live daemon's working folder is this one, and not a removed one.

        True where the system does not tell.
        """
        try:
            # This finds the folder itself, even after its removal.
            working = Path(f"/proc/{self.pid}/cwd").stat()
        except OSError:
            return True
        try:
            return os.path.samestat(working, folder.stat())
        except FileNotFoundError:
            return False

    def end(
        self,
        request: signal.Signals,
        patience: float,
        waiting: Waiting = tell_nobody,
    ) -> bool:
        """End the daemon by `request`, and kill it after `patience` seconds. True if it was alive.

        `waiting` is called with the process id when the daemon does not end soon. Raises StackFault
        when it does not end.
        """
        if not self.held():
            self._forget()
            return False
        if (pid := self.pid) is not None:
            _signal(os.kill, pid, request)
            _wait(lambda: self.pid is not None, min(_SOON, patience))
            if self.pid is not None:
                waiting(pid)
            _wait(lambda: self.pid is not None, patience - _SOON)
            _wait(self.held, _GRACE)
        if self.held():
            self._kill_group()
            _wait(self.held, _DYING)
        if self.held():
            raise self.fault("cannot be ended")
        self._forget()
        return True

    def fault(self, what: str) -> StackFault:
        """The fault to raise when the daemon does `what`, with the last lines of its log."""
        try:
            said = last_words(self.log.read_bytes()[-4000:])
        except OSError:
            said = ""
        return StackFault(f"{self.name} {what}: {said or 'its log is empty'} (log: {self.log})")

    def _spawn(
        self, command: Callable[[], Sequence[str]], environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes] | None:
        """The started process; None while a predecessor, or a child of it, is still alive."""
        with self.lock.open("ab") as lock:
            if not _take(lock, fcntl.LOCK_EX):
                if self.held() and self.pid is None:
                    self._kill_group()
                return None
            lock.truncate(0)
            argv = ["/bin/sh", "-c", _TRAMPOLINE, str(self.lock), *command()]
            self._rotate()
            with self.log.open("ab") as log:
                return subprocess.Popen(  # noqa: S603 - our own programs
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd="/",
                    env=environment,
                    start_new_session=True,
                    pass_fds=(lock.fileno(),),
                )

    def _rotate(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            if self.log.stat().st_size > _LARGEST_LOG:
                self.log.replace(self.log.with_suffix(".log.1"))

    def _kill_group(self) -> None:
        # The id of a process group is not reused while a member is alive.
        if (pid := self._noted()) is not None:
            _signal(os.killpg, pid, signal.SIGKILL)

    def _noted(self) -> int | None:
        try:
            return int(self.lock.read_bytes())
        except (FileNotFoundError, ValueError):
            return None

    def _forget(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.truncate(self.lock, 0)


@contextlib.contextmanager
def one_at_a_time(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Wait for the lock, and hold it. It is released when its process ends.

    `waiting` is called when another process holds it.
    """
    with path.open("ab") as file:
        if not _take(file, fcntl.LOCK_EX):
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def last_words(output: bytes) -> str:
    """The last lines of a program's output as one line."""
    lines = [line.strip() for line in output.decode(errors="replace").splitlines()]
    return " | ".join([line for line in lines if line][-_LAST_LINES:])


def _take(file: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait(lasting: Callable[[], bool], patience: float) -> None:
    deadline = time.monotonic() + patience
    while lasting() and time.monotonic() < deadline:
        time.sleep(_TICK)


def _signal(send: Callable[[int, int], None], pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        send(pid, number)
