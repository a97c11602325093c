"""Peak memory of submit, coordinator and broker for jobs of 10^3, 10^4 and 10^5 tournaments.

Each job runs to its end in a fleet of its own, with the judge `reference`. The coordinator's and
the submission's peaks are the kernel's (VmHWM), the broker's is its own (used_memory_peak).
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from chaos.fleet import Fleet, Size, fleet, rrmq
from chaos.hand import Kind
from chaos.parts import ProcessPart
from kit.waiting import eventually
from rich.console import Console
from rich.table import Table

from rrm_queue.store.connection import text

PATIENCE = 3600.0  # seconds
MIB = 2**20

ENDED = text("SELECT count(*) FROM jobs WHERE state = 'succeeded'")


@dataclass(frozen=True, slots=True)
class Peaks:
    """A job's size, how long it took in seconds, and peaks in MiB."""

    tournaments: int
    seconds: float
    submit: float
    coordinator: float
    broker: float


def main() -> int:
    """Prints the table, and writes it as JSON if asked to."""
    parser = argparse.ArgumentParser(prog="memory", description=__doc__)
    parser.add_argument("--tournaments", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--candidates", type=int, default=4)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rows = [_measured(tournaments, given.candidates) for tournaments in given.tournaments]
    _print(rows)
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    return 0


def _measured(tournaments: int, candidates: int) -> Peaks:
    with fleet(Size(coordinators=1, workers=0), seed=0) as ours:
        worker = ProcessPart(
            "worker-0",
            Kind.WORKER,
            rrmq("worker", "--judge", "reference"),
            ours.environment,
            ours.home / "logs" / "worker-0.log",
        )
        ours.parts[worker.name] = worker
        worker.start()
        file = ours.home / "answers.jsonl"
        _write(file, tournaments, candidates)
        with ours.broker() as client:
            client.config_resetstat()
        began = time.monotonic()
        submitted = _submitted(ours, file)
        eventually(lambda: _succeeded(ours), "the job has ended", PATIENCE)
        seconds = time.monotonic() - began
        coordinator = _peak(ours.parts["coordinator-0"].pids()[0])
        with ours.broker() as client:
            broker = int(client.info("memory")["used_memory_peak"]) / MIB
    return Peaks(tournaments, seconds, submitted, coordinator, broker)


def _write(file: Path, tournaments: int, candidates: int) -> None:
    with file.open("w") as lines:
        for number in range(tournaments):
            texts = [f"Step {c} of the sum says that it is {c}. " * 12 for c in range(candidates)]
            row = {"prompt": f"What is {number}?", "candidates": texts, "reference": "3"}
            lines.write(json.dumps(row) + "\n")


def _submitted(ours: Fleet, file: Path) -> float:
    """The submission's peak, in MiB."""
    process = subprocess.Popen(  # noqa: S603  # our own
        rrmq("submit", str(file), "--judge", "reference"),
        env=ours.environment,
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError("rrmq submit failed")
    return usage.ru_maxrss / 1024


def _succeeded(ours: Fleet) -> bool:
    with ours.store() as store:
        return bool(store.scalar(ENDED))


def _peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _print(rows: Sequence[Peaks]) -> None:
    table = Table(title="peak memory, MiB")
    for heading in ("tournaments", "seconds", "submit", "coordinator", "broker"):
        table.add_column(heading, justify="right")
    for row in rows:
        figures = (row.seconds, row.submit, row.coordinator, row.broker)
        table.add_row(f"{row.tournaments:,}", *(f"{figure:,.1f}" for figure in figures))
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
