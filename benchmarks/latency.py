"""From a match's last answer at the engine to its successor's request there, in knockouts.

A few knockouts at once on a fleet with room for all of them: nothing waits but for the queue. The
engine notes when it answers and when it is asked; a successor counts from the later of its two
feeders. Between the two lie the worker's flush, Redis, the coordinator's record, plan and dispatch,
Redis again, and the worker's lease.

Two loads: an engine that takes 0.2 s for each answer, so that rounds of 256 answers come at once
and share the processors; and one that takes 2 s with a heavy tail, so that answers come apart, as
real ones do.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from brackets import Bracket, feeders, played, write_knockouts
from figures import Figure, arguments, report
from heavy_tail import serve_heavy_tail
from redis import Redis
from rig import Size, add_worker, fleet, run

ENGINE_SECONDS, APART_SECONDS = 0.2, 2.0
TOURNAMENTS, SIZE = 8, 64
PROBES = 300


def main() -> int:
    """Exit code 0 when both percentiles of both workloads are small enough."""
    given = arguments(__doc__)
    rounds = 1 if given.quick else 5
    figures = [*_measured("256 at once", rounds, None), *_measured("apart", rounds, APART_SECONDS)]
    return report("from a decided match to its successor at the engine", figures, given)


def _measured(load: str, rounds: int, mean: float | None) -> Iterator[Figure]:
    """The figures of a load: all answers take as long, or `mean` seconds with a heavy tail."""
    size = Size(coordinators=1, workers=0, mean=ENGINE_SECONDS, calm=True)
    waits: list[float] = []
    with fleet(size, seed=0) as ours, tempfile.TemporaryDirectory() as folder:
        notes = ours.notes if mean is None else serve_heavy_tail(ours, mean)
        add_worker(ours, "openai", "--concurrency", "256")
        with ours.broker() as client:
            trip = _round_trip(client)
        for number in range(rounds):
            file = Path(folder, f"{number}.jsonl")
            write_knockouts(file, TOURNAMENTS, SIZE, name=f"r{number}")
            options = ("--judge", "openai:chaos", "--resamples", "0")
            job = run(ours, file, *options)["job"]
            with ours.store() as store:
                for bracket in played(store, job, notes).values():
                    waits += _waits(bracket)
    cuts = quantiles(waits, n=100)
    for cut, target in ((50, 25.0), (99, 100.0)):
        yield Figure(
            f"answers {load}, p{cut} of {len(waits):,} successors",
            1000 * cuts[cut - 1],
            "ms",
            1000 * trip,
            "ms, a round trip to Valkey",
            target=target,
            at_most=True,
            absolute=True,
        )


def _waits(bracket: Bracket) -> Iterator[float]:
    for position, match in bracket.items():
        if fed_by := feeders(bracket, position):
            yield match.began - max(bracket[feeder].answered for feeder in fed_by)


def _round_trip(client: Redis) -> float:
    """Seconds of a question to Valkey and its answer."""

    def one() -> float:
        began = perf_counter()
        client.ping()
        return perf_counter() - began

    return median(one() for _ in range(PROBES))


if __name__ == "__main__":
    sys.exit(main())
