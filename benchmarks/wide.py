"""What a job's statistics take if its tournaments are wide, against as many narrow matches.

`leaderboard`, `diagnose` and `report` of 20,000 matches of 4 answers a prompt, of 20,000 of 100
answers, and of 399,280 of 32. All jobs are in one store, and the server has no statistics of it: so
it is right after a submission.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

from figures import Figure, arguments, report
from rig import Filling, fill

from rrm_queue.actions.app import App
from rrm_queue.actions.diagnose import diagnose
from rrm_queue.actions.leaderboard import read_leaderboard
from rrm_queue.actions.report.write import ReportRequest, write_report
from rrm_queue.config import Settings
from rrm_queue.local.stack import LocalStack

TARGET = 1.5
"""A wide job may take half as long again for each match: all triples of its answers are seen."""


def main() -> int:
    """Exit code 0 when the width costs nothing."""
    given = arguments(__doc__)
    share = 10 if given.quick else 1
    with tempfile.TemporaryDirectory(prefix="rrmq-wide-") as folder:
        stack = LocalStack(Path(folder), processes={})
        try:
            stack.ensure_services()
            with App(Settings(home=Path(folder))) as app:
                figures = list(_figures(app, Path(folder), share))
        finally:
            stack.down()
    return report("wide tournaments", figures, given)


def _figures(app: App, folder: Path, share: int) -> Iterator[Figure]:
    narrow = Filling("a" * 12, count=3_400 // share, size=4, done=3_334 // share, running=0)
    wide = [
        Filling("b" * 12, count=50 // share, size=100, done=50 // share, running=0, reach=4),
        Filling("c" * 12, count=805 // share, size=32, done=805 // share, running=0),
    ]
    for filling in (narrow, *wide):
        fill(app.database, filling, analyze=False)
    calls: dict[str, Callable[[str], object]] = {
        "leaderboard": lambda job: read_leaderboard(app, job),
        "diagnose": lambda job: diagnose(app, job),
        "report": lambda job: write_report(app, job, ReportRequest(folder / "r.html", force=True)),
    }
    for name, call in calls.items():
        call(narrow.job)  # what is imported at the first call belongs to neither
        beside = _seconds(call, narrow.job)
        for filling in wide:
            yield Figure(
                f"{name}, {_decided(filling):,} matches of {filling.size}",
                _seconds(call, filling.job),
                "s",
                beside * _decided(filling) / _decided(narrow),
                f"s, as many of {narrow.size}, by {_decided(narrow):,}",
                target=TARGET,
                at_most=True,
            )


def _decided(filling: Filling) -> int:
    return filling.done * filling.matches


def _seconds(call: Callable[[str], object], job: str) -> float:
    began = perf_counter()
    call(job)
    return perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
