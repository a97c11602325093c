"""What a thousand workers cost the coordinator, against four.

Postgres, Valkey and the coordinator are real. The workers are played by one process, each with a
presence, places and leases of its own (`simulated_workers.py`). First they answer at once: four
workers of 64 places, then a thousand of which one has two places. Then a thousand answer only after
a while, so that all that a window holds is out at once.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from broker_memory import held
from figures import Figure, arguments, report
from loops import Loops
from processes import profiled
from rig import Fleet, Size, add, eventually, fleet, submit, write_tournaments

from rrm_queue.broker.names import COORDINATOR_QUEUE
from rrm_queue.broker.presence import seconds_since_seen
from rrm_queue.store.connection import Statement, text

QUEUE = "rrmq.judge.simulated"
PLACES = 64
SLOW = 3600.0  # seconds that a slow worker takes: nothing comes back while we look
SECONDS = 8.0  # of looking at a full window

TARGET_DISPATCH, TARGET_LOOP, TARGET_HELD, TARGET_HEARTBEAT = 0.7, 1.0, 1.5, 3.0

DONE = text("SELECT matches_done FROM jobs WHERE id = :job")
OUT = text("SELECT count(*) FROM matches WHERE job_id = :job AND state = 'out'")
OUT_BYTES = text("SELECT coalesce(sum(bytes), 0), count(*) FROM batches WHERE state = 'out'")


@dataclass(frozen=True, slots=True)
class Measured:
    """The loops of one run, its matches per second, and the longest gap in the heartbeat."""

    dispatch: Loops
    record: Loops
    longest: float
    rate: float
    heartbeat: float
    held: int = 0
    out_bytes: int = 0
    messages: int = 0


def main() -> int:
    """Exit code 0 when all targets are met."""
    given = arguments(
        __doc__,
        workers={"type": int, "default": 1000},
        profile={"type": Path, "metavar": "FOLDER"},
    )
    share = 10 if given.quick else 1
    mixed = {PLACES: given.workers - 1, 2: 1}
    into = given.profile
    alike = _run("alike", {PLACES: 4}, 660 // share, 0.0, into)
    small = _run("small", mixed, 660 // share, 0.0, into)
    most = {PLACES: given.workers // share - 1, 2: 1}
    full = _run("full", most, 1_700 // share, SLOW, into)
    return report("a fleet of simulated workers", list(_figures(alike, small, full)), given)


def _figures(alike: Measured, small: Measured, full: Measured) -> Iterator[Figure]:
    four = "matches/s, four alike"
    yield Figure(
        "dispatched in a second of turns, one small",
        small.dispatch.rate,
        "matches/s",
        alike.dispatch.rate,
        four,
        TARGET_DISPATCH,
    )
    yield Figure("recorded, one small", small.rate, "matches/s", alike.rate, four)
    for name, run in (("four alike", alike), ("one small", small), ("window full", full)):
        statements = run.dispatch.statements_a_match
        yield Figure(f"{name}: statements of dispatch a match", statements, "")
        yield Figure(
            f"{name}: longest loop",
            run.longest,
            "s",
            target=TARGET_LOOP,
            at_most=True,
            absolute=True,
        )
        yield Figure(f"{name}: longest turn of dispatch", run.dispatch.longest, "s")
        yield Figure(
            f"{name}: oldest heartbeat",
            run.heartbeat,
            "s",
            target=TARGET_HEARTBEAT,
            at_most=True,
            absolute=True,
        )
    yield Figure(
        f"window full: bytes held, {full.messages:,} batches out",
        full.held / 2**20,
        "MiB",
        2 * full.out_bytes / 2**20,
        "bytes of messages out x 2, MiB",
        TARGET_HELD,
        at_most=True,
    )


def _run(
    name: str, workers: dict[int, int], tournaments: int, seconds: float, into: Path | None
) -> Measured:
    """One job of round robins of 14 on these workers, by places; `into` is where profiles go."""
    with timed_fleet() as (ours, loops):
        file = ours.home / "job.jsonl"
        write_tournaments(file, tournaments, 14)
        play(ours, workers, seconds)
        job = submit(ours, file, "--judge", "simulated:1.0", "--strategy", "elo")
        began, beats = time.time(), list[float]()
        matches = tournaments * 91
        with profiled(ours, into, name):
            if seconds:
                most = min(matches, 2 * sum(places * n for places, n in workers.items()) * 7 // 8)
                _watch(ours, OUT, job, most, beats)
                end = time.monotonic() + SECONDS
                while time.monotonic() < end:
                    beats.append(heartbeat(ours))
                    time.sleep(0.2)
            else:
                _watch(ours, DONE, job, matches, beats)
        took = time.time() - began
        with ours.store() as store, ours.broker() as client:
            out_bytes, messages = store.execute(OUT_BYTES).one()
            bytes_held = held(client) if seconds else 0
        found = {name: Loops.read(loops, name) for name in ("dispatch", "recover", "record")}
    return Measured(
        found["dispatch"],
        found["record"],
        max(loop.longest for loop in found.values()),
        matches / took,
        max(beats),
        bytes_held,
        int(out_bytes),
        messages,
    )


def _watch(ours: Fleet, query: Statement, job: str, least: int, beats: list[float]) -> None:
    """Waits until the query answers so much; notes how old the coordinator's heartbeat gets."""

    def reached() -> bool:
        beats.append(heartbeat(ours))
        with ours.store() as store:
            return int(store.scalar(query, {"job": job}) or 0) >= least

    eventually(reached, f"{least:,} matches", 900)


def heartbeat(ours: Fleet) -> float:
    """How many seconds ago the coordinator was seen."""
    with ours.broker() as client:
        return max(seconds_since_seen(client, COORDINATOR_QUEUE).values(), default=15.0)


@contextmanager
def timed_fleet() -> Iterator[tuple[Fleet, Path]]:
    """Both servers and a coordinator whose loops are noted in the file."""
    with fleet(Size(coordinators=0, workers=0, calm=True), seed=0) as ours:
        loops = ours.home / "loops.jsonl"
        loops.touch()
        script = Path(__file__).with_name("timed_coordinator.py")
        add(ours, "coordinator-0", [sys.executable, str(script), str(loops)])

        def present() -> bool:
            with ours.broker() as client:
                return bool(seconds_since_seen(client, COORDINATOR_QUEUE))

        eventually(present, "the coordinator is present")
        yield ours, loops


def play(ours: Fleet, workers: dict[int, int], seconds: float = 0.0) -> None:
    """Starts simulated workers, so many of each number of places; returns when all are present."""
    script = Path(__file__).with_name("simulated_workers.py")
    options: Sequence[str] = [
        word
        for places, number in workers.items()
        for word in ("--places", str(places), "--count", str(number))
    ]
    url = ours.environment["RRMQ_BROKER_URL"]
    argv = [sys.executable, str(script), url, QUEUE, *options, "--seconds", str(seconds)]
    add(ours, "workers", argv)

    def present() -> bool:
        with ours.broker() as client:
            return len(seconds_since_seen(client, QUEUE)) == sum(workers.values())

    eventually(present, "all workers are present")


if __name__ == "__main__":
    sys.exit(main())
