"""What the processes of a fleet cost: processor seconds, and where they spend them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from rig import Fleet

SERVERS = ("postgres", "valkey")
OURS = ("coordinator-", "worker-")


def processor_seconds(ours: Fleet) -> Mapping[str, float]:
    """What each part has computed so far; of Postgres the server processes that live."""
    spent = {}
    for name in _parts(ours):
        spent[name] = 0.0
        for pid in ours.parts[name].pids():
            with suppress(psutil.NoSuchProcess):
                times = psutil.Process(pid).cpu_times()
                spent[name] += times.user + times.system
    return spent


@contextmanager
def profiled(ours: Fleet, folder: Path | None, name: str) -> Iterator[None]:
    """Records where coordinators and workers spend their time, as text for flame graphs."""
    if folder is None:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    spies = []
    for part in [part for part in ours.parts if part.startswith(OURS)]:
        file = folder / f"{name}-{part}.txt"
        pid = str(ours.parts[part].pids()[0])
        options = ["--rate", "200", "--format", "raw", "--duration", "3600", "--gil"]
        command = ["record", "--pid", pid, "--output", str(file), *options]
        spy = os.fspath(Path(sys.executable).with_name("py-spy"))
        spies.append(subprocess.Popen([spy, *command], stdout=subprocess.DEVNULL))  # noqa: S603  # our own
    try:
        yield
    finally:
        for process in spies:
            process.send_signal(signal.SIGINT)
            process.wait()


def _parts(ours: Fleet) -> list[str]:
    return [name for name in ours.parts if name in SERVERS or name.startswith(OURS)]
