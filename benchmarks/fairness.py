"""How long a small job takes alone, and behind one of 200,000 matches, on the same fleet.

Both jobs have the same weight, and the engine takes the same time for each answer. A small job is a
knockout of 21 candidates: 20 matches in five rounds, which must wait for each other.
"""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from chaos.fleet import Fleet, Size, fleet
from chaos.given import even_job
from chaos.submission import submit
from kit.waiting import eventually
from rich.console import Console
from rich.table import Table

from rrm_queue.store.connection import Statement, text

PATIENCE = 300.0  # seconds
SIZE = Size(coordinators=1, workers=2, concurrency=16, mean=0.5, calm=True)

TOOK = text("""
    SELECT extract(epoch FROM finished_at - created_at)::float8 FROM jobs
    WHERE id = :job AND state = 'succeeded'
""")

DONE = text("SELECT matches_done FROM jobs WHERE id = :job")


@dataclass(frozen=True, slots=True)
class Result:
    """Seconds of each small job, alone and behind the large one."""

    alone: Sequence[float]
    behind: Sequence[float]

    @property
    def ratio(self) -> float:
        """How many times longer the median one takes behind the large job."""
        return median(self.behind) / median(self.alone)


def main() -> int:
    """Prints the table, and writes it as JSON if asked to."""
    parser = argparse.ArgumentParser(prog="fairness", description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with fleet(SIZE, seed=0) as ours:
        alone = [_small(ours, f"alone-{number}") for number in range(given.times)]
        large = submit(ours, even_job("large", 100, size=64, strategy="elo"))
        eventually(
            lambda: _asked(ours, DONE, large) > 500, "the large job is well under way", PATIENCE
        )
        behind = [_small(ours, f"behind-{number}") for number in range(given.times)]
    result = Result(alone, behind)
    _print(result)
    if given.json:
        given.json.write_text(json.dumps({**asdict(result), "ratio": result.ratio}) + "\n")
    return 0


def _small(ours: Fleet, name: str) -> float:
    """Seconds from its submission to its end."""
    job = submit(ours, even_job(name, 1, size=21, strategy="knockout"))
    eventually(lambda: _asked(ours, TOOK, job) > 0, f"{name} has ended", PATIENCE)
    return _asked(ours, TOOK, job)


def _asked(ours: Fleet, query: Statement, job: str) -> float:
    with ours.store() as store:
        return float(store.scalar(query, {"job": job}) or 0)


def _print(result: Result) -> None:
    table = Table(title="a job of 20 matches, seconds from submit to end")
    for heading in ("", "median", "worst"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, seconds in (("alone", result.alone), ("behind 200,000", result.behind)):
        table.add_row(name, f"{median(seconds):.1f}", f"{max(seconds):.1f}")
    table.add_row("ratio", f"{result.ratio:.2f}", "")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
