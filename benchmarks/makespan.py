"""How long knockouts take, against what no schedule can beat, and against rounds with barriers.

The engine's times have a heavy tail and are known, so the bound is too: the longer of the critical
path and of work ÷ slots. The schedules with barriers are simulated with the same times, and cost
nothing but them. Two workloads: knockouts of 64 one after another, each alone on a fleet that can
hold all of it, with answers of 2 s; and 1,000 knockouts of 16 on 64 slots of 4 workers, with
answers of 0.5 s. Real answers take 10 to 60 s.

While they run, each worker says how many requests it has at the engine: what it lacks to its
concurrency in the middle of the job are slots that stood idle, and the worst worker's share tells
whether one sits on what others could do.
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import mean, median
from threading import Event, Thread
from time import monotonic
from urllib.request import urlopen

from brackets import played, write_knockouts
from figures import Figure, arguments, report
from heavy_tail import seconds_of, serve_heavy_tail
from rig import Fleet, add_worker, one_coordinator, run
from rrm_worker.engine_process import free_port
from schedules import Barrier, Times, critical_path, scheduled

from rrm_queue.store.connection import text

TARGET = 1.05
WORKERS, CONCURRENCY = 4, 16
LOOK = 0.25  # seconds
PORTS = [free_port() for _ in range(WORKERS)]
"""Where the workers show their metrics."""

IN_FLIGHT = "rrmq_requests_in_flight "
OPTIONS = ("--judge", "openai:heavy", "--resamples", "0")

RESULTS = text("""
    SELECT avg(extract(epoch FROM t.finished_at - j.started_at))::float8
    FROM tournaments t JOIN jobs j ON j.id = t.job_id WHERE j.id = :job
""")


def main() -> int:
    """Exit code 0 when both makespans are near enough to their bounds."""
    given = arguments(__doc__)
    figures = [*_alone(2 if given.quick else 6), *_fleet(100 if given.quick else 1000)]
    return report("makespan, heavy-tailed judging times", figures, given)


def _alone(count: int) -> Iterator[Figure]:
    ratios, barriers, bound = [], [], 0.0
    with _serving(seconds=2.0) as (ours, notes), tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            file = Path(folder, "one.jsonl")
            write_knockouts(file, 1, 64, name=f"alone-{number}")
            job = run(ours, file, *OPTIONS)
            (times,) = _times(ours, job["job"], notes, 2.0)
            bound = critical_path(times)
            ratios.append(job["seconds"] / bound)
            slots = WORKERS * CONCURRENCY
            barriers.append(scheduled([times], slots, Barrier.TOURNAMENT).makespan / bound)
    what = f"a knockout of 64 alone, median of {count}"
    yield Figure(what, median(ratios) * bound, "s", bound, "s, critical path", TARGET, at_most=True)
    yield Figure(
        "the same, simulated with a barrier a round",
        median(barriers) * bound,
        "s",
        bound,
        "s, critical path",
    )


def _fleet(count: int) -> Iterator[Figure]:
    slots = WORKERS * CONCURRENCY
    with _serving(seconds=0.5) as (ours, notes), tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "many.jsonl")
        write_knockouts(file, count, 16, name="fleet")
        with _watched() as seen:
            job = run(ours, file, *OPTIONS)
        tournaments = _times(ours, job["job"], notes, 0.5)
        with ours.store() as store:
            result = float(store.scalar(RESULTS, {"job": job["job"]}))
    work = sum(sum(times.values()) for times in tournaments)
    bound = max(work / slots, max(map(critical_path, tournaments)))
    name = f"{count:,} knockouts of 16 on {slots} slots"
    yield Figure(name, job["seconds"], "s", bound, "s, work ÷ slots", TARGET, at_most=True)
    schedules = {barrier: scheduled(tournaments, slots, barrier) for barrier in Barrier}
    for barrier, schedule in schedules.items():
        said = f"the same, simulated, barrier: {barrier}"
        yield Figure(said, schedule.makespan, "s", bound, "s, work ÷ slots")
    for barrier, schedule in schedules.items():
        beside = f"s, simulated, barrier: {barrier}"
        yield Figure("mean time to a tournament's result", result, "s", schedule.mean, beside)
    middle = seen[len(seen) // 10 : -len(seen) // 10] or seen
    busy = [mean(look[worker] for look in middle) for worker in range(WORKERS)]
    yield Figure("slots in use in the middle of the job", sum(busy), "slots", slots, "slots")
    yield Figure("slots in use, the idlest worker", min(busy), "slots", CONCURRENCY, "slots")


def _times(ours: Fleet, job: str, notes: Path, seconds: float) -> list[Times]:
    with ours.store() as store:
        return [
            {position: seconds_of(match.key, seconds) for position, match in bracket.items()}
            for bracket in played(store, job, notes).values()
        ]


@contextmanager
def _serving(*, seconds: float) -> Iterator[tuple[Fleet, Path]]:
    """A fleet with a heavy-tailed engine and workers for it; the engine's notes beside it."""
    with one_coordinator() as ours:
        notes = serve_heavy_tail(ours, seconds)
        for number in range(WORKERS):
            metrics = ("--metrics-port", str(PORTS[number]))
            concurrency = ("--concurrency", str(CONCURRENCY))
            add_worker(ours, "openai", *concurrency, *metrics, name=f"worker-{number}")
        yield ours, notes


@contextmanager
def _watched() -> Iterator[list[Sequence[float]]]:
    """Requests at the engine, worker by worker, at each look."""
    looks: list[Sequence[float]] = []
    ended = Event()

    def watch() -> None:
        due = monotonic()
        while not ended.wait(max(0.0, due - monotonic())):
            due += LOOK
            looks.append([_in_flight(port) for port in PORTS])

    thread = Thread(target=watch, name="watch", daemon=True)
    thread.start()
    try:
        yield looks
    finally:
        ended.set()
        thread.join()


def _in_flight(port: int) -> float:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:  # ours
        text = answer.read().decode()
    line = next(line for line in text.splitlines() if line.startswith(IN_FLIGHT))
    return float(line.removeprefix(IN_FLIGHT))


if __name__ == "__main__":
    sys.exit(main())
