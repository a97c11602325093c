"""Ten thousand jobs of one prompt, against one job of ten thousand prompts.

Postgres, Valkey, the coordinator and the worker are real; the judge answers at once. All is
submitted before the worker starts: matches per second from its presence to the end of the last job.
"""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from figures import Figure, arguments, report
from fleet import heartbeat, timed_fleet
from loops import Loops
from processes import profiled
from rig import Fleet, add_worker, eventually

from rrm_queue import api
from rrm_queue.actions.app import App
from rrm_queue.actions.settings import read_settings
from rrm_queue.store.connection import text
from rrm_queue.store.views import jobs

JOBS = 10_000
SLICE = 10  # the first and the last of so many parts are compared
TARGET, TARGET_LOOP, TARGET_HEARTBEAT = 0.5, 1.0, 3.0

GOING = text("SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')")


def main() -> int:
    """Exit code 0 when all targets are met."""
    given = arguments(
        __doc__,
        jobs={"type": int, "default": JOBS},
        profile={"type": Path, "metavar": "FOLDER"},
    )
    count = given.jobs // (10 if given.quick else 1)
    with timed_fleet() as (ours, loops):
        os.environ |= ours.environment
        took = [_submit(count)]
        one = _judged(ours, count)
    with timed_fleet() as (ours, loops):
        os.environ |= ours.environment
        took = [_submit(1, number) for number in range(count)]
        listed = _list_seconds()
        began = time.time()
        beats = list[float]()
        with profiled(ours, given.profile, "many"):
            many = _judged(ours, count, beats)
        dispatch, record = (Loops.read(loops, name) for name in ("dispatch", "record"))
        longest = max(Loops.read(loops, n).longest for n in ("dispatch", "recover", "record"))
        judging = Loops.read(loops, "dispatch", began)
    part = max(1, count // SLICE)
    figures = [
        Figure(f"{count:,} jobs of one prompt", many, "matches/s", one, "one job", TARGET),
        Figure("statements of dispatch a match", dispatch.statements_a_match, ""),
        Figure("statements of record a match", record.statements_a_match, ""),
        Figure("longest loop", longest, "s", target=TARGET_LOOP, at_most=True, absolute=True),
        Figure("longest turn of dispatch while judging", judging.longest, "s"),
        Figure(
            "oldest heartbeat",
            max(beats),
            "s",
            target=TARGET_HEARTBEAT,
            at_most=True,
            absolute=True,
        ),
        Figure("submit, the last jobs", _rate(took[-part:]), "jobs/s", _rate(took[:part]), "first"),
        Figure(f"list with {count:,} jobs", 1000 * listed, "ms"),
    ]
    return report("many jobs", figures, given)


def _submit(prompts: int, number: int = 0) -> float:
    """Seconds that it takes to submit a job of so many prompts."""
    rows = [
        {
            "id": f"t{number}-{n}",
            "prompt": f"What is {number} + {n}?",
            "candidates": [
                {"text": f"It is {number + n}. " * 20, "gold": 1},
                {"text": f"It is {number + n + 1}. " * 20, "gold": 0},
            ],
        }
        for n in range(prompts)
    ]
    began = perf_counter()
    api.submit(rows, judge="simulated:1.0")
    return perf_counter() - began


def _list_seconds() -> float:
    with App(read_settings()) as app, app.database.look() as tx:
        began = perf_counter()
        jobs.list_jobs(tx, 20)
        return perf_counter() - began


def _judged(ours: Fleet, matches: int, beats: list[float] | None = None) -> float:
    """Matches per second from the worker's presence to the end of the last job."""
    add_worker(ours, "simulated")
    began = perf_counter()

    def ended() -> bool:
        if beats is not None:
            beats.append(heartbeat(ours))
        with ours.store() as store:
            return not store.scalar(GOING)

    eventually(ended, "all jobs have ended", 1200)
    return matches / (perf_counter() - began)


def _rate(took: Sequence[float]) -> float:
    return len(took) / sum(took)


if __name__ == "__main__":
    sys.exit(main())
