"""The parts of the fleet: processes and servers that can be killed, stopped and started again."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Protocol

import psutil

from chaos.hand import Kind
from rrm_queue.errors import StackFault
from rrm_queue.local.postgres import Postgres
from rrm_queue.local.valkey import Valkey

_DYING = 10.0  # seconds


class Part(Protocol):
    """One part; `wanted` is False while the hand keeps it dead."""

    name: str
    kind: Kind
    wanted: bool

    @property
    def lives(self) -> bool:
        """Whether it runs or is being started."""

    def start(self) -> None:
        """Starts it; without effect while it lives."""

    def pids(self) -> Sequence[int]:
        """Its processes, the first of them its main one."""

    def last_words(self) -> str:
        """Why it ended by itself, as far as is known."""


class ProcessPart:
    """A process of ours, in a session of its own; all that it writes goes to its log."""

    def __init__(
        self, name: str, kind: Kind, argv: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        self.name, self.kind, self.log = name, kind, log
        self.wanted = True
        self._argv, self._environment = argv, environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def lives(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        if self.lives:
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._argv,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def pids(self) -> Sequence[int]:
        return [self._process.pid] if self._process is not None and self.lives else []

    def last_words(self) -> str:
        code = None if self._process is None else self._process.poll()
        lines = self.log.read_bytes()[-4000:].decode(errors="replace").strip().splitlines()
        return f"exit code {code}: {lines[-1] if lines else 'its log is empty'}"


class ServerPart:
    """Postgres or Valkey as the local stack runs it; starting waits, so it happens beside us."""

    def __init__(
        self, name: str, kind: Kind, server: Postgres | Valkey, starters: Executor
    ) -> None:
        self.name, self.kind, self.server = name, kind, server
        self.wanted = True
        self._starters = starters
        self._starting: Future[None] | None = None
        self._fault = ""

    @property
    def lives(self) -> bool:
        if self._starting is not None and not self._starting.done():
            return True
        return self.server.daemon.pid is not None

    def start(self) -> None:
        if not self.lives:
            self._starting = self._starters.submit(self._start)

    def _start(self) -> None:
        try:
            self.server.ensure()
        except StackFault as fault:
            self._fault = str(fault)

    def started(self) -> None:
        """Waits until a start that is under way has ended."""
        if self._starting is not None:
            self._starting.result()

    def pids(self) -> Sequence[int]:
        # The children of Postgres lead sessions of their own: they are found by their parent.
        pid = self.server.daemon.pid
        if pid is None:
            return []
        with contextlib.suppress(psutil.NoSuchProcess):
            children = psutil.Process(pid).children(recursive=True)
            return [pid, *(child.pid for child in children)]
        return [pid]

    def last_words(self) -> str:
        fault, self._fault = self._fault, ""
        return fault or str(self.server.daemon.fault("ended by itself"))


def kill(part: Part) -> None:
    """Ends the part by SIGKILL, all its processes, and waits until they are gone."""
    pids = part.pids()
    processes = list(_known(pids))
    _signal(pids, signal.SIGKILL)
    psutil.wait_procs(processes, timeout=_DYING)
    _ = part.lives  # reaps a child of ours


def stop(part: Part) -> Sequence[int]:
    """Stops every process of the part; which ones."""
    pids = part.pids()
    _signal(pids, signal.SIGSTOP)
    return pids


def go_on(pids: Sequence[int]) -> None:
    """Lets stopped processes go on, the youngest first."""
    _signal(list(reversed(pids)), signal.SIGCONT)


def _signal(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _known(pids: Sequence[int]) -> Iterator[psutil.Process]:
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            yield psutil.Process(pid)
