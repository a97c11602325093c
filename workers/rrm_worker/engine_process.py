"""SGLang as a child of the worker: on loopback, in a process group of its own."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from rrm_worker import die_with_parent

HOST = "127.0.0.1"

STOP_SECONDS = 10.0
"""How long the engine may take to end when it is asked to; SGLang takes 4 to 8 when idle."""

_GRPC_OFFSET, _LAST_PORT = 10_000, 65_535

_REMEMBERED_LINES = 50
_LONGEST_WORDS = 300
_CHUNK = 65_536
_ERROR = re.compile(r"^[\w.]*(Error|Exception|Interrupt)\b|\berror:", re.ASCII)


def free_port() -> int:
    """A free port on loopback, low enough for SGLang's gRPC port beside it."""
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = int(probe.getsockname()[1])
        if port + _GRPC_OFFSET <= _LAST_PORT:
            return port


def launch_command(python: str, model: str, port: int, flags: Sequence[str]) -> list[str]:
    """SGLang's command line with these flags (see `engine_flags.judging_flags`)."""
    server = [python, "-m", "sglang.launch_server", "--model-path", model]
    address = ["--host", HOST, "--port", str(port)]
    return [*server, *address, "--log-level-http", "warning", *flags]


class EngineProcess:
    """One command, started as often as needed; `say` is called with each line that it writes.

    It ends with the thread that called `start`, however that ends (see `die_with_parent`).
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        self._command = [
            sys.executable,
            "-I",
            str(Path(die_with_parent.__file__)),
            str(os.getpid()),
        ]
        self._command += command
        self._environment = dict(environment)
        self._say = say
        self._lines: deque[str] = deque(maxlen=_REMEMBERED_LINES)
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Starts the command; an earlier process must have been stopped."""
        self._lines.clear()
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environment,
            start_new_session=True,
        )
        assert self._process.stdout is not None  # noqa: S101  # it was asked for
        self._reading = asyncio.create_task(self._read(self._process.stdout))

    async def died(self) -> str:
        """How the process ended, with its last line, once it has ended."""
        assert self._process is not None  # noqa: S101  # start comes first
        code = await self._process.wait()
        self._signal(signal.SIGKILL)  # children that it left behind hold its output open
        await self._read_to_the_end()
        if code < 0:  # a killed process writes no last line
            return f"killed by {signal.Signals(-code).name}"
        return f"exit code {code}: {self._last_words()}"

    def cpu_seconds(self) -> float:
        """The CPU time that the command's live processes have used; 0 when there are none."""
        if self._process is None:
            return 0.0
        try:
            root = psutil.Process(self._process.pid)
            family = [root, *root.children(recursive=True)]
        except psutil.Error:
            return 0.0
        return sum(map(_cpu_seconds, family))

    async def stop(self) -> None:
        """Ends the whole process group: by SIGTERM first, by SIGKILL after STOP_SECONDS."""
        if self._process is None:
            return
        if self._process.returncode is None:
            # Only the main process: it reports children that end by a signal as crashed.
            self._process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        self._signal(signal.SIGKILL)
        await self._process.wait()
        await self._read_to_the_end()
        self._process = None

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None  # noqa: S101
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    async def _read(self, output: asyncio.StreamReader) -> None:
        rest = ""
        while chunk := await output.read(_CHUNK):
            # Progress bars write carriage returns only.
            *lines, rest = re.split(r"[\r\n]+", rest + chunk.decode("utf-8", "replace"))
            for line in filter(str.strip, lines):
                self._lines.append(line)
                self._say(line)
            rest = rest[-_CHUNK:]

    async def _read_to_the_end(self) -> None:
        if self._reading is not None:
            await asyncio.wait({self._reading}, timeout=1)
            self._reading.cancel()

    def _last_words(self) -> str:
        """The last line that names an error, or else the last line."""
        errors = [line for line in self._lines if _ERROR.search(line)]
        return ([*self._lines, *errors] or ["it wrote nothing"])[-1].strip()[:_LONGEST_WORDS]


def _cpu_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:  # it has ended meanwhile
        return 0.0
    return float(times.user + times.system)
