"""Matches recorded per second with a judge that answers at once, against bare Celery's tasks.

Everything that a job passes is real: Postgres with fsync and synchronous commit, Valkey with its
append-only file, Celery, one coordinator and one worker, on this machine. The judge is
`simulated:1.0`, which knows the better answer. Bare Celery runs before and after on the same
Valkey, with Celery's own pool (prefork) and with threads; the baseline is the faster pool's mean.

`--profile FOLDER` records coordinator and worker with py-spy beside it. `--coordinators N` runs
more than one coordinator.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

from bare_celery import tasks_per_second
from figures import Figure, arguments, report
from processes import processor_seconds, profiled
from rig import Fleet, add_worker, one_coordinator, run, write_tournaments

from rrm_queue.store.connection import text

JOBS = {"elo": (2_000, 14), "knockout": (3_000, 64)}
"""Tournaments and candidates of each, by strategy: 182,000 and 189,000 matches."""

TASKS = 10_000
TARGET = 5.0
POOLS = ("prefork", "threads")


def main() -> int:
    """Exit code 0 when the target is met."""
    given = arguments(
        __doc__,
        profile={"type": Path, "metavar": "FOLDER"},
        coordinators={"type": int, "default": 1, "metavar": "N"},
    )
    share = 10 if given.quick else 1
    with one_coordinator(given.coordinators) as ours, tempfile.TemporaryDirectory() as folder:
        _check(ours)
        add_worker(ours, "simulated")
        files = {}
        for strategy, (tournaments, size) in JOBS.items():
            files[strategy] = Path(folder, f"{strategy}.jsonl")
            write_tournaments(files[strategy], tournaments // share, size)
        write_tournaments(warm := Path(folder, "warm.jsonl"), 50, 4)
        run(ours, warm, "--judge", "simulated:1.0")
        bare = list(_bare(ours, TASKS // share))
        jobs, spent = {}, {}
        for strategy, file in files.items():
            before = processor_seconds(ours)
            with profiled(ours, given.profile, strategy):
                jobs[strategy] = run(ours, file, "--judge", "simulated:1.0", "--strategy", strategy)
            after = processor_seconds(ours)
            spent[strategy] = {name: after[name] - before[name] for name in before}
        bare += _bare(ours, TASKS // share)
    baseline = max(mean(rate for pool, rate in bare if pool == one) for one in POOLS)
    figures = [
        Figure(
            f"{strategy}, {job['matches_done']:,} matches",
            job["matches_done"] / job["seconds"],
            "matches/s",
            baseline,
            "bare Celery tasks/s",
            TARGET,
        )
        for strategy, job in jobs.items()
    ]
    figures += [Figure(f"bare Celery, {pool}", rate, "tasks/s") for pool, rate in bare]
    figures += [
        Figure(
            f"{strategy}, {part}", 1e6 * seconds / jobs[strategy]["matches_done"], "µs CPU/match"
        )
        for strategy, parts in spent.items()
        for part, seconds in parts.items()
    ]
    return report("pipeline with an instant judge", figures, given)


def _bare(ours: Fleet, count: int) -> Iterator[tuple[str, float]]:
    for pool in POOLS:
        url = ours.environment["RRMQ_BROKER_URL"]
        with ours.broker() as client:
            yield pool, tasks_per_second(url, client, pool=pool, count=count)


def _check(ours: Fleet) -> None:
    """Raises RuntimeError unless the servers keep what they are told to keep."""
    with ours.store() as store:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            value = store.scalar(text(f"SHOW {setting}"))
            if value != "on":
                raise RuntimeError(f"{setting} is {value}")
    with ours.broker() as client:
        if client.config_get("appendonly") != {"appendonly": "yes"}:
            raise RuntimeError("Valkey keeps no append-only file")


if __name__ == "__main__":
    sys.exit(main())
