"""What benchmarks run on: the tests' fleet of real processes, more of them, and jobs in it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rrm_queue.store.connection import text

TESTS = Path(__file__).parent.parent / "tests"
# The fleet, the filled store and the engine's process belong to the tests.
sys.path[:0] = [str(TESTS)]

# ruff: noqa: E402  # found by the line above, and handed on to the benchmarks
from chaos.endpoint import ANSWERED as ANSWERED
from chaos.endpoint import BEGUN as BEGUN
from chaos.endpoint import Endpoint as Endpoint
from chaos.endpoint import notes as notes
from chaos.endpoint import request_key as request_key
from chaos.endpoint import serve as serve
from chaos.fleet import Fleet as Fleet
from chaos.fleet import Size as Size
from chaos.fleet import fleet as fleet
from chaos.fleet import rrmq as rrmq
from chaos.hand import Kind
from chaos.judge import answer_text as answer_text
from chaos.parts import ProcessPart as ProcessPart
from chaos.parts import kill as kill
from kit import shared_prefixes as shared_prefixes
from kit.filled_store import Filling as Filling
from kit.filled_store import fill as fill
from kit.sglang_process import SglangProcess as SglangProcess
from kit.waiting import eventually as eventually

# An installed rrmq has its byte code: commands would compile it each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

PATIENCE = 3600.0  # seconds

ENDED = text("SELECT state NOT IN ('queued', 'running') FROM jobs WHERE id = :job")

JOB = text("""
    SELECT state, matches_done, extract(epoch FROM finished_at - started_at)::float8 AS seconds,
           extract(epoch FROM finished_at - created_at)::float8 AS from_submit
    FROM jobs WHERE id = :job
""")


@contextmanager
def one_coordinator(number: int = 1) -> Iterator[Fleet]:
    """A fleet of both servers and a coordinator, or several, to which workers are added."""
    with fleet(Size(coordinators=number, workers=0, calm=True), seed=0) as ours:
        yield ours


@contextmanager
def stub_judge() -> Iterator[str]:
    """The address of a judge of `stub_judge.py`, which ends afterwards."""
    process = subprocess.Popen(  # noqa: S603  # our own
        [sys.executable, Path(__file__).with_name("stub_judge.py")],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None  # noqa: S101  # it is piped
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.terminate()
        process.wait()


def add(ours: Fleet, name: str, argv: Sequence[str]) -> ProcessPart:
    """Starts one more process, which ends with the fleet."""
    path = os.pathsep.join([str(Path(__file__).parent), str(TESTS)])
    environment = {**ours.environment, "PYTHONPATH": path}
    part = ProcessPart(name, Kind.WORKER, argv, environment, ours.home / "logs" / f"{name}.log")
    ours.parts[name] = part
    part.start()
    return part


def add_worker(ours: Fleet, judge: str, *options: str, name: str = "worker-0") -> ProcessPart:
    """One more worker that serves `judge`; returns when it stands on the roll."""
    before = _workers(ours, judge)
    part = add(ours, name, rrmq("worker", "--judge", judge, *options))
    eventually(lambda: _workers(ours, judge) > before, f"{name} stands on the roll")
    return part


def _workers(ours: Fleet, judge: str) -> int:
    with ours.broker() as client:
        return int(client.zcard(f"rrmq:workers:rrmq.judge.{judge}"))


def submit(ours: Fleet, file: Path, *options: str) -> str:
    """The id of the job that `rrmq submit` makes of the file."""
    done = subprocess.run(  # noqa: S603  # our own
        rrmq("submit", str(file), *options),
        env=ours.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"rrmq submit: {done.stderr.strip()}")
    return done.stdout.split(":")[0].removeprefix("job ").strip()


def run(ours: Fleet, file: Path, *options: str) -> Mapping[str, Any]:
    """Submits the file and waits for the job's end; its id and JOB's columns."""
    job = submit(ours, file, *options)
    eventually(lambda: bool(_asked(ours, ENDED, job)), f"job {job} has ended", PATIENCE)
    with ours.store() as store:
        row = store.execute(JOB, {"job": job}).one()._asdict()
    if row["state"] != "succeeded":
        raise RuntimeError(f"job {job} is {row['state']}")
    return {"job": job, **row}


def _asked(ours: Fleet, query: Any, job: str) -> Any:
    with ours.store() as store:
        return store.scalar(query, {"job": job})


def write_tournaments(
    file: Path, count: int, size: int, *, text_length: int = 300, first: int = 0
) -> None:
    """A file of `count` tournaments of `size` answers, with how good each is for `simulated`.

    They are numbered from `first`: those of another number are judged anew.
    """
    filler = "so the sum is as it was said to be, "
    filler *= 1 + text_length // len(filler)
    with file.open("w") as lines:
        for number in range(first, first + count):
            candidates = [
                {"text": f"Answer {c} to {number}: {filler[:text_length]}", "gold": (c * 7) % size}
                for c in range(size)
            ]
            row = {"id": f"t{number}", "prompt": f"What is {number}?", "candidates": candidates}
            lines.write(json.dumps(row) + "\n")
