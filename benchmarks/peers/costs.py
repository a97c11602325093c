"""What a command costs that has its judgements made: time, processor time, and requests."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import IO, Any
from urllib.request import Request, urlopen

import psutil

_LOOK = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Cost:
    """`wall` and `cpu` in seconds, with all processes of the tool; `judged` is in its result."""

    wall: float
    cpu: float
    asked: int
    pairs: int
    judged: int
    code: int

    @property
    def repeated(self) -> int:
        """Requests for a pair that had been asked for before."""
        return self.asked - self.pairs


class JudgeClient:
    """Sets the judge's time and reads its counts."""

    def __init__(self, address: str) -> None:
        self._address = address

    def begin(self, ms: float, spread: float) -> None:
        """Forgets what was asked."""
        body = json.dumps({"ms": ms, "spread": spread}).encode()
        self._said(Request(f"{self._address}/begin", body))  # noqa: S310  # our own server

    def seen(self) -> dict[str, Any]:
        """What was asked since, and when."""
        said: dict[str, Any] = self._said(Request(f"{self._address}/seen"))  # noqa: S310
        return said

    def _said(self, request: Request) -> Any:
        with urlopen(request) as answer:  # noqa: S310
            return json.load(answer)


@dataclass(frozen=True, slots=True)
class Run:
    """A command, what it finds set, its daemons, and how to read the number that it judged."""

    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    daemons: Callable[[], Iterable[int]] = tuple
    judged: Callable[[], int] | None = None

    def cost(self, judge: JudgeClient, limit: float) -> Cost:
        """Runs it to its end, or for `limit` seconds; what it cost."""
        before, began = _spent(self.daemons()), time.perf_counter()
        with self.log.open("w") as log:
            process = self._started(log)
            stop = Timer(limit, _kill, [process.pid])
            stop.start()
            try:
                _, status, usage = os.wait4(process.pid, 0)
            except BaseException:  # we are to end: not without it
                _kill(process.pid)
                raise
            finally:
                stop.cancel()
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        cpu = usage.ru_utime + usage.ru_stime + _spent(self.daemons()) - before
        seen = judge.seen()
        judged = self.judged() if self.judged else _last_number(self.log)
        return Cost(wall, cpu, seen["asked"], seen["pairs"], judged, process.returncode)

    def killed(self, judge: JudgeClient, after: int) -> bool:
        """Runs it and kills all of its processes after so many answers; False if it ended first."""
        with self.log.open("w") as log:
            process = self._started(log)
            while process.poll() is None and judge.seen()["answered"] < after:
                time.sleep(_LOOK)
            lived = process.poll() is None
            _kill(*self.daemons(), process.pid)
            process.wait()
        return lived

    def _started(self, log: IO[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  # our own
            self.command, env=self.environment, stdout=log, stderr=log, start_new_session=True
        )


def _kill(*pids: int) -> None:
    """SIGKILL for the processes and all below them, at the same moment: first all are looked up."""
    found = set(pids)
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            found |= {child.pid for child in psutil.Process(pid).children(recursive=True)}
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _spent(pids: Iterable[int]) -> float:
    """Seconds of these processes and of their children that have ended."""
    total = 0.0
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = psutil.Process(pid).cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def _last_number(log: Path) -> int:
    """The number of the line `N judgements`; 0 without it."""
    lines = [line for line in log.read_text().splitlines() if line.endswith(" judgements")]
    return int(lines[-1].split()[0]) if lines else 0
