"""Matches recorded per second with a judge that answers at once, against bare Celery's tasks.

Everything that a job passes is real: Postgres with fsync and synchronous commit, Valkey with its
append-only file, Celery, one coordinator and one worker, on this machine. The judge is
`simulated:1.0`, which knows the better answer. Bare Celery runs on the same Valkey, with Celery's
own pool (prefork) and with threads; the baseline is the faster pool's median. All take turns, so
that a minute in which the machine is slow touches all of them alike.

`--profile FOLDER` records coordinator and worker with py-spy beside it. `--coordinators N` runs
more than one coordinator.
"""

import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bare_celery import tasks_per_second
from figures import Figure, arguments, report
from processes import processor_seconds, profiled
from rig import Fleet, add_worker, one_coordinator, run, write_tournaments

from rrm_queue.store.connection import text

JOBS = {"elo": (500, 14), "knockout": (750, 64)}
"""Tournaments and candidates of each, by strategy: 45,500 and 47,250 matches."""

ROUNDS, TASKS = 5, 3_000
TARGET = 10.0
POOLS = ("prefork", "threads")


@dataclass
class Measured:
    """What all rounds gave: rates by strategy or pool, matches and processor time by strategy."""

    rates: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    matches: Counter[str] = field(default_factory=Counter)
    spent: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))


def main() -> int:
    """Exit code 0 when the target is met."""
    given = arguments(
        __doc__,
        profile={"type": Path, "metavar": "FOLDER"},
        coordinators={"type": int, "default": 1, "metavar": "N"},
    )
    found = Measured()
    with one_coordinator(given.coordinators) as ours, tempfile.TemporaryDirectory() as folder:
        _check(ours)
        add_worker(ours, "simulated")
        write_tournaments(file := Path(folder, "file.jsonl"), 50, 4)
        run(ours, file, "--judge", "simulated:1.0")
        for number in range(1 if given.quick else ROUNDS):
            for strategy, (tournaments, size) in JOBS.items():
                write_tournaments(file, tournaments, size, first=number * tournaments)
                with profiled(ours, given.profile, strategy):
                    _judge(ours, strategy, file, found)
            for pool in POOLS:
                found.rates[pool].append(_bare(ours, pool))
    return report("pipeline with an instant judge", list(_figures(found)), given)


def _figures(found: Measured) -> Iterator[Figure]:
    baseline = max(median(found.rates[pool]) for pool in POOLS)
    for strategy in JOBS:
        rates = found.rates[strategy]
        name = f"{strategy}, {found.matches[strategy]:,} matches, median of {len(rates)} rounds"
        beside = "bare Celery tasks/s"
        yield Figure(name, median(rates), "matches/s", baseline, beside, TARGET)
    for name, rates in found.rates.items():
        yield Figure(f"{name}, the slowest and the fastest round", min(rates), "/s", max(rates))
    for strategy, parts in found.spent.items():
        for part, seconds in parts.items():
            microseconds = 1e6 * seconds / found.matches[strategy]
            yield Figure(f"{strategy}, {part}", microseconds, "µs CPU/match")


def _judge(ours: Fleet, strategy: str, file: Path, found: Measured) -> None:
    before = processor_seconds(ours)
    job = run(ours, file, "--judge", "simulated:1.0", "--strategy", strategy)
    after = processor_seconds(ours)
    found.rates[strategy].append(job["matches_done"] / job["seconds"])
    found.matches[strategy] += job["matches_done"]
    found.spent[strategy].update({name: after[name] - before[name] for name in before})


def _bare(ours: Fleet, pool: str) -> float:
    with ours.broker() as client:
        url = ours.environment["RRMQ_BROKER_URL"]
        return tasks_per_second(url, client, pool=pool, count=TASKS)


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
