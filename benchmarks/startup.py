"""The processor time of commands against `python -c pass`, and the local stack's start.

The commands are those of an installed rrmq, each run on its own with a local stack that is up. The
job has eight knockouts of eight answers by eight generators; that of the report has 200.
`--modules` lists what `rrmq status` imports that takes longest.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from figures import Figure, arguments, report
from rig import rrmq

from rrm_queue.local.stack import LocalStack

TIMES = 20
TARGET = 30.0
"""Times `python -c pass`, for each command."""
REPORT_TARGET = 1.0
"""Seconds of processor time for a report of 200 tournaments."""
PYTHON, ALONE = "python -c pass", "the libraries alone"
REPORT = "rrmq report JOB of 200 tournaments, processor time"
LIBRARIES = "import psycopg, click, rich.console, rich.table"

FOREIGN = ("RRMQ_", "PG", "PYTHONDONTWRITEBYTECODE")
"""How variables begin that would change what is measured: an installed rrmq has its byte code."""

UNNEEDED = (
    "celery",
    "redis",
    "kombu",
    "scipy",
    "numpy",
    "pandas",
    "evalica",
    "aiohttp",
    "jinja2",
    "alembic",
    "pyarrow",
    "pydantic",
    "sqlalchemy",
    "sympy",
)
"""Packages that no command needs to say how far a job is."""

_IMPORTED = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|(\s+)(\S+)")


def main() -> int:
    """Exit code 0 when no command takes more than TARGET times an empty Python."""
    given = arguments(__doc__, modules={"action": "store_true"})
    times = TIMES // 4 if given.quick else TIMES
    with tempfile.TemporaryDirectory(prefix="rrmq-startup-") as folder:
        home = Path(folder)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
        environment |= {"RRMQ_HOME": str(home), "OMP_NUM_THREADS": "1"}
        stack = LocalStack(home, processes={})
        try:
            cold = _seconds(stack.ensure_services)
            warm = _seconds(stack.ensure_services)
            stack.down()
            again = _seconds(stack.ensure_services)
            job, many = _submitted(home, environment, 8), _submitted(home, environment, 200)
            commands = {
                PYTHON: [sys.executable, "-c", "pass"],
                ALONE: [sys.executable, "-c", LIBRARIES],
                "rrmq --help": rrmq("--help"),
                "rrmq status JOB": rrmq("status", job),
                "rrmq status JOB --json": rrmq("status", job, "--json"),
                "rrmq list": rrmq("list"),
                "rrmq bracket JOB": rrmq("bracket", job),
                "rrmq votes JOB t0": rrmq("votes", job, "t0"),
                "rrmq results JOB": rrmq("results", job),
                "rrmq leaderboard JOB": rrmq("leaderboard", job),
            }
            took = _processor_times(commands, environment, times)
            page = {REPORT: rrmq("report", many, "--force", "-o", str(home / "report.html"))}
            took |= _processor_times(page, environment, times // 4)
            imports = _imports(commands["rrmq status JOB"], environment)
        finally:
            subprocess.run(rrmq("down"), env=environment, capture_output=True, check=False)  # noqa: S603  # our own
            stack.down()
    python, alone, reported = took.pop(PYTHON), took.pop(ALONE), took.pop(REPORT)
    figures = [
        Figure(
            f"{name}, processor time",
            1000 * seconds,
            "ms",
            1000 * python,
            "ms, python -c pass",
            target=TARGET,
            at_most=True,
        )
        for name, seconds in took.items()
    ]
    figures.append(
        Figure(
            REPORT,
            reported,
            "s",
            python,
            "s, python -c pass",
            target=REPORT_TARGET,
            at_most=True,
            absolute=True,
        )
    )
    figures.append(Figure(ALONE, 1000 * alone, "ms", 1000 * python, "ms"))
    figures.append(Figure("modules that status imports", len(imports), "modules"))
    unneeded = sorted({name.split(".")[0] for name in imports} & set(UNNEEDED))
    figures.append(Figure(f"unneeded: {', '.join(unneeded) or 'none'}", len(unneeded), "packages"))
    figures.append(Figure("both servers, first start", cold, "s", python, "s, python -c pass"))
    figures.append(Figure("both servers, start with data", again, "s", python, "s"))
    figures.append(Figure("both servers, found running", 1000 * warm, "ms", 1000 * python, "ms"))
    if given.modules:
        for name, own in sorted(imports.items(), key=lambda item: -item[1])[:25]:
            print(f"{own / 1000:7.1f} ms  {name}")
    return report("start-up", figures, given)


def _seconds(call: Callable[[], object]) -> float:
    began = perf_counter()
    call()
    return perf_counter() - began


def _submitted(home: Path, environment: Mapping[str, str], tournaments: int) -> str:
    """A job of the local stack, which has ended; the stack's processes are up afterwards."""
    file = home / f"{tournaments}.jsonl"
    answers = [{"text": str(n), "generator": f"model {n}"} for n in range(8)]
    rows = [
        {"id": f"t{n}", "prompt": f"{n}?", "candidates": answers, "reference": str(n % 8)}
        for n in range(tournaments)
    ]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    argv = rrmq("submit", str(file), "--judge", "reference", "--watch", "--json")
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True)  # noqa: S603  # our own
    found = re.search(r'"(?:job|id)":\s*"(\w+)"', done.stdout)
    if found is None:
        raise RuntimeError(f"no job in {done.stdout!r}")
    return found[1]


def _processor_times(
    commands: Mapping[str, Sequence[str]], environment: Mapping[str, str], times: int
) -> dict[str, float]:
    """The processor time of each command's process, in seconds: the median of a few runs.

    They take turns, so that a minute in which the machine is slow touches all of them alike.
    """
    took: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(times):
        for name, argv in commands.items():
            took[name].append(_processor_time(argv, environment))
    return {name: median(seconds) for name, seconds in took.items()}


def _processor_time(argv: Sequence[str], environment: Mapping[str, str]) -> float:
    null = subprocess.DEVNULL
    process = subprocess.Popen(argv, env=environment, stdout=null, stderr=null)  # noqa: S603  # our own
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{argv} ended with exit code {process.returncode}")
    return used.ru_utime + used.ru_stime


def _imports(argv: Sequence[str], environment: Mapping[str, str]) -> Mapping[str, int]:
    """Every module that the command imports, with its own microseconds."""
    timed = [argv[0], "-X", "importtime", *argv[1:]]
    done = subprocess.run(timed, env=environment, capture_output=True, text=True, check=True)  # noqa: S603  # our own
    return dict(_read(done.stderr))


def _read(lines: str) -> Iterator[tuple[str, int]]:
    for own, _, _, name in _IMPORTED.findall(lines):
        yield name, int(own)


if __name__ == "__main__":
    sys.exit(main())
