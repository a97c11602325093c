"""Candidates per second through `rrmq submit`, against plain COPY of the same rows.

The baseline copies the very rows that the submission made, which are read from the store before as
the text that COPY takes, into the same tables with their indexes and foreign keys on the same
server, in one durable transaction: it parses no file, checks nothing and forms no row. The
submission's time is that of the whole command, its start included. The two take turns.

Peak memory is the kernel's for the process (VmHWM), read while it runs: Linux only.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psycopg
from figures import Figure, arguments, report
from rig import Fleet, Size, fleet, rrmq

TARGET, MEMORY = 0.7, 250.0  # MB
CANDIDATES = 10
TEXT = "Step by step: it is as was said before, so that the sum comes to what it must be. "
TABLES = ("tournaments", "candidates")


class Round(NamedTuple):
    """Seconds of the submission and of the COPY, and the submission's peak in MB."""

    submit: float
    copy: float
    peak: float


def main() -> int:
    """Exit code 0 when both targets are met."""
    given = arguments(__doc__)
    sizes = {10_000: 3, 100_000: 3} if given.quick else {10_000: 3, 1_000_000: 3}
    figures: list[Figure] = []
    # No coordinator: whatever it would do with the job is no part of the submission.
    with fleet(Size(coordinators=0, workers=0, calm=True), 0) as ours:
        for candidates, times in sizes.items():
            rounds = list(_rounds(ours, candidates, times))
            figures += _figures(candidates, rounds)
    return report("submission", figures, given)


def _figures(candidates: int, rounds: list[Round]) -> Iterator[Figure]:
    submit, copy = median(one.submit for one in rounds), median(one.copy for one in rounds)
    large = candidates >= 100_000
    yield Figure(
        f"submit of {candidates:,} candidates",
        candidates / submit,
        "candidates/s",
        candidates / copy,
        "candidates/s, COPY",
        TARGET if large else None,  # of a small file the command's start is most
    )
    yield Figure(
        f"peak memory, {candidates:,} candidates",
        max(one.peak for one in rounds),
        "MB",
        target=MEMORY,
        at_most=True,
        absolute=True,
    )


def _rounds(ours: Fleet, candidates: int, times: int) -> Iterator[Round]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "answers.jsonl")
        _write(file, candidates)
        for _ in range(times):
            submit, peak = _submitted(ours, file)
            copy = _copied(ours, Path(folder))
            yield Round(submit, copy, peak)
            with _connection(ours) as store:
                store.execute("TRUNCATE jobs CASCADE")


def _write(file: Path, candidates: int) -> None:
    with file.open("w") as lines:
        for number in range(candidates // CANDIDATES):
            texts = [f"Answer {c} to {number}. {TEXT}" for c in range(CANDIDATES)]
            row = {"id": f"t{number}", "prompt": f"What is {number}?", "candidates": texts}
            row["reference"] = str(number)
            lines.write(json.dumps(row) + "\n")


def _submitted(ours: Fleet, file: Path) -> tuple[float, float]:
    """Seconds of the command and its peak in MB."""
    began = time.perf_counter()
    argv = rrmq("submit", str(file), "--judge", "reference")
    process = subprocess.Popen(argv, env=ours.environment, stdout=subprocess.DEVNULL)  # noqa: S603  # our own
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, _peak(process.pid))
        time.sleep(0.01)
    if process.returncode:
        raise RuntimeError("rrmq submit failed")
    return time.perf_counter() - began, peak


def _peak(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0  # it is ending


def _copied(ours: Fleet, folder: Path) -> float:
    """Seconds that COPY takes for the rows that are there, which are the same afterwards."""
    with _connection(ours) as store:
        for table in TABLES:
            with (
                store.cursor().copy(f"COPY {table} TO STDOUT") as rows,
                Path(folder, table).open("wb") as file,
            ):
                file.writelines(bytes(part) for part in rows)
        store.execute("TRUNCATE tournaments CASCADE")
    with _connection(ours) as store:
        began = time.perf_counter()
        for table in TABLES:
            with (
                store.cursor().copy(f"COPY {table} FROM STDIN") as rows,
                Path(folder, table).open("rb") as file,
            ):
                while part := file.read(1 << 20):
                    rows.write(part)
        store.commit()
        return time.perf_counter() - began


def _connection(ours: Fleet) -> "psycopg.Connection[tuple[object, ...]]":
    url = ours.environment["RRMQ_DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://")
    return psycopg.connect(url)


if __name__ == "__main__":
    sys.exit(main())
