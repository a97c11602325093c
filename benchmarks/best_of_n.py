"""Best-of-N on real answers: how often each strategy picks a right one, with a simulated judge.

The file has candidates with `gold` (docs/input.md); the judge is `simulated:ACCURACY`. Every job
runs through the whole stack: that of the environment's addresses, or a local one in a folder of its
own. Beside the strategies stand a random pick and an oracle's.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from secrets import token_hex

from msgspec import to_builtins
from rich.console import Console

from rrm_queue.actions.app import App
from rrm_queue.broker.client import BrokerClient
from rrm_queue.domain import JobId, JobState, Seeding, Voting
from rrm_queue.intake.formats.base import Empty
from rrm_queue.intake.needs import Needs
from rrm_queue.intake.reader import Source
from rrm_queue.intake.submission import Submitted, submit
from rrm_queue.judging.kinds import queue_of
from rrm_queue.judging.spec import parse_spec
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.queue.submission import NewJob

DOCUMENT = Path(__file__).parent.parent / "docs" / "strategies.md"
BEGIN, END = "<!-- best-of-n: begin -->", "<!-- best-of-n: end -->"

ACCURACIES = (0.6, 0.7, 0.8, 0.9, 0.95)
WAYS = (
    ("knockout", 1),
    ("knockout", 5),
    ("double-elimination", 1),
    ("double-elimination", 5),
    ("swiss", 1),
    ("swiss", 5),
    ("pivot", 1),
    ("sampled:8", 1),
    ("elo", 1),
)
PATIENCE = 900.0  # seconds for all jobs together

ENDED = text("""
    SELECT count(*) FROM jobs
    WHERE id = ANY(CAST(:jobs AS text[])) AND finished_at IS NOT NULL
""")

FOUND = text("""
    SELECT j.state, j.matches_done::float8 / j.tournaments AS matches,
           j.votes::float8 / j.tournaments AS votes,
           (SELECT avg(c.gold) FROM tournaments t
            JOIN candidates c ON c.tournament_id = t.id AND c.number = t.champion
            WHERE t.job_id = j.id) AS picked
    FROM jobs j WHERE j.id = :job
""")

LIMITS = text("""
    SELECT avg(mean) AS random, avg(best) AS oracle
    FROM (SELECT avg(c.gold) AS mean, max(c.gold) AS best
          FROM tournaments t JOIN candidates c ON c.tournament_id = t.id
          WHERE t.job_id = :job GROUP BY t.id) AS each
""")


@dataclass(frozen=True, slots=True)
class Cell:
    """One job: the share of its champions that are right, matches and votes a tournament."""

    strategy: str
    votes: int
    accuracy: float
    picked: float
    matches: float
    cast: float


@dataclass(frozen=True, slots=True)
class Report:
    """All cells, with the file's tournaments, its answers that were left out, and its limits."""

    tournaments: int
    candidates: int
    dropped: int
    random: float
    oracle: float
    seconds: float
    cells: Sequence[Cell]


def main() -> int:
    """Prints the table; writes it into the document or as JSON if asked to."""
    parser = argparse.ArgumentParser(prog="best_of_n", description=__doc__)
    parser.add_argument("file", type=Path, help="tournaments whose candidates have gold")
    parser.add_argument("--accuracies", type=float, nargs="+", default=ACCURACIES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--write", action="store_true", help=f"put the table into {DOCUMENT.name}")
    given = parser.parse_args()
    with _stack() as (database, broker):
        report = _measured(database, broker, given.file, given.accuracies, given.seed)
    table = "\n".join(_lines(report))
    Console().print(table, markup=False, soft_wrap=True)
    if given.json:
        given.json.write_text(json.dumps(asdict(report), indent=1) + "\n")
    if given.write:
        _write(table)
    return 0


@contextmanager
def _stack() -> Iterator[tuple[Database, BrokerClient]]:
    """Store and broker of the environment's servers, or of a local stack that ends with us."""
    with tempfile.TemporaryDirectory(prefix="rrmq-best-", ignore_cleanup_errors=True) as home:
        os.environ["RRMQ_HOME"] = home
        with App() as app:
            try:
                app.ensure_processes()
                yield app.database, app.broker
            finally:
                if app.stack is not None:
                    app.stack.down()


def _measured(
    database: Database, broker: BrokerClient, file: Path, accuracies: Sequence[float], seed: int
) -> Report:
    began = time.monotonic()
    asked = [(accuracy, *way) for accuracy in accuracies for way in WAYS]
    submitted = [_submitted(database, file, *one, seed=seed) for one in asked]
    broker.wake()
    _wait(database, [one.job for one in submitted])
    cells = [_cell(database, one.job, *way) for one, way in zip(submitted, asked, strict=True)]
    with database.begin() as tx:
        limits = tx.execute(LIMITS, {"job": submitted[0].job}).one()
    return Report(
        submitted[0].tournaments,
        submitted[0].candidates,
        submitted[0].dropped,
        limits.random,
        limits.oracle,
        time.monotonic() - began,
        cells,
    )


def _submitted(
    database: Database, file: Path, accuracy: float, strategy: str, votes: int, *, seed: int
) -> Submitted:
    """A job as `rrmq submit --empty drop` makes it; empty answers would be wrong ones."""
    judge = parse_spec(f"simulated:{accuracy}", base_url="", folder=Path.cwd())
    job = NewJob(
        id=token_hex(6),
        source=file.name,
        state=JobState.QUEUED,
        strategy=strategy,
        seeding=Seeding.RANDOM,
        judge=to_builtins(judge),
        queue=queue_of(judge),
        voting=to_builtins(Voting(votes)),
        seed=seed,
        priority=1,
    )
    with file.open("rb") as stream:
        return submit(
            database,
            [Source(file.name, stream)],
            job,
            needs=Needs(gold=True),
            anew=True,
            empty=Empty.DROP,
        )


def _wait(database: Database, jobs: Sequence[JobId]) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        with database.begin() as tx:
            ended = tx.scalar(ENDED, {"jobs": list(jobs)})
        if ended == len(jobs):
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"{ended} of {len(jobs)} jobs ended in {PATIENCE:.0f} s")
        time.sleep(0.5)


def _cell(database: Database, job: JobId, accuracy: float, strategy: str, votes: int) -> Cell:
    with database.begin() as tx:
        found = tx.execute(FOUND, {"job": job}).one()
    if found.state != JobState.SUCCEEDED:
        raise RuntimeError(f"job {job} of {strategy} has {found.state}")
    return Cell(strategy, votes, accuracy, found.picked, found.matches, found.votes)


def _lines(report: Report) -> Iterator[str]:
    accuracies = sorted({cell.accuracy for cell in report.cells})
    middle = accuracies[len(accuracies) // 2]
    left_out = f" ({report.dropped} empty left out)" if report.dropped else ""
    yield (
        f"{report.tournaments} tournaments, {report.candidates} answers{left_out}, "
        f"{len(report.cells)} jobs. Standard error of a figure: at most "
        f"{50 / report.tournaments**0.5:.1f} points."
    )
    yield ""
    shown = " / ".join(f"{accuracy * 100:g}" for accuracy in accuracies)
    yield f"| picked by | votes a match | matches | votes cast | right, %, at {shown} |"
    yield "|---|---|---|---|---|"
    yield f"| chance | | 0 | 0 | {report.random * 100:.0f} |"
    for strategy, votes in WAYS:
        row = {c.accuracy: c for c in report.cells if (c.strategy, c.votes) == (strategy, votes)}
        cell = row[middle]
        right = " / ".join(f"{row[accuracy].picked * 100:.0f}" for accuracy in accuracies)
        yield f"| `{strategy}` | {votes} | {cell.matches:.0f} | {cell.cast:.0f} | {right} |"
    yield f"| an oracle | | 0 | 0 | {report.oracle * 100:.0f} |"


def _write(table: str) -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
