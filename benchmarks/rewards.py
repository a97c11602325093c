"""Rewards over HTTP with an instant judge: how long a group of 8 takes, and how many a second.

A coordinator, a worker that simulates a judge, and `rrmq serve`. Clients keep 1, 16 and 256 groups
in flight. The baseline of the throughput is one job with as many groups of the same size, submitted
as a file, in the same run.

Then groups that are all asked for at once, of a judge that takes 5 s for an answer, on 64 slots:
until the last reward, against the work divided by the slots.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import aiohttp
from figures import Figure, arguments, report
from rig import add_worker, run, stub_judge, write_tournaments

# The fleet that serves rewards belongs to the tests, which `rig` makes importable.
from kit.reward_servers import JUDGE, TOKEN, RewardFleet, group, reward_fleet  # isort: skip

IN_FLIGHT = {1: 100, 16: 600, 256: 2000}
"""How many groups are sent, by how many are in flight."""

PAIRS = 28
P50, P99 = 60.0, 250.0  # milliseconds

SLOW, SLOTS, SLOW_GROUPS = 5.0, 64, 16
MAKESPAN = 1.10


def main() -> int:
    """Prints latencies and throughput with their targets."""
    given = arguments(__doc__)
    figures = []
    with reward_fleet() as ours, tempfile.TemporaryDirectory() as folder:
        baseline = _batch(ours, Path(folder, "groups.jsonl"), 200 if given.quick else 2000)
        asyncio.run(_send(ours, 1, range(5)))  # SciPy and pandas are loaded now
        for number, (in_flight, groups) in enumerate(IN_FLIGHT.items(), start=1):
            count = max(20, groups // 10) if given.quick else groups
            began = time.perf_counter()
            first = 100_000 * number
            spent = asyncio.run(_send(ours, in_flight, range(first, first + count)))
            rate = count / (time.perf_counter() - began)
            figures += _figures(in_flight, spent, rate, baseline)
    figures.append(_makespan())
    return report("rewards for groups of 8 over HTTP, an instant judge", figures, given)


def _makespan() -> Figure:
    """Seconds until groups that are asked for at once have their rewards, by a slow judge."""
    bound = SLOW_GROUPS * PAIRS * SLOW / SLOTS
    with stub_judge() as stub, reward_fleet(workers=0, endpoint=f"{stub}/{SLOW}/0/v1") as ours:
        add_worker(ours.fleet, "openai", "--concurrency", str(SLOTS))
        began = time.perf_counter()
        asyncio.run(_send(ours, SLOW_GROUPS, range(SLOW_GROUPS), judge="openai:stub"))
        spent = time.perf_counter() - began
    name = f"{SLOW_GROUPS} groups, answers of {SLOW:g} s, {SLOTS} slots"
    return Figure(name, spent, "s", bound, "s, work ÷ slots", MAKESPAN, at_most=True)


def _figures(in_flight: int, spent: list[float], rate: float, baseline: float) -> list[Figure]:
    """The figures of one number of groups in flight; only a single one has targets of latency."""
    alone = in_flight == 1
    where = f"{in_flight} in flight"
    p99 = quantiles(spent, n=100)[98]
    return [
        Figure(f"p50, {where}", median(spent), "ms", target=P50 if alone else None,
               at_most=True, absolute=True),
        Figure(f"p99, {where}", p99, "ms", target=P99 if alone else None,
               at_most=True, absolute=True),
        Figure(f"matches a second, {where}", rate * PAIRS, "/s", baseline, "/s of one job",
               target=0.5 if in_flight == max(IN_FLIGHT) else None),
    ]  # fmt: skip


def _batch(ours: RewardFleet, file: Path, groups: int) -> float:
    """Matches a second of one job of such groups."""
    write_tournaments(file, groups, 8)
    done = run(ours.fleet, file, "--strategy", "elo", "--judge", "simulated:1.0")
    return float(done["matches_done"] / done["from_submit"])


async def _send(
    ours: RewardFleet, in_flight: int, numbers: range, judge: str = JUDGE
) -> list[float]:
    """Milliseconds of each group, with so many in flight."""
    places = asyncio.Semaphore(in_flight)
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(ours.servers[0], connector=connector, headers=headers) as to:
        return await asyncio.gather(
            *(_one(to, places, group(number, judge=judge)) for number in numbers)
        )


async def _one(to: aiohttp.ClientSession, places: asyncio.Semaphore, body: dict[str, Any]) -> float:
    async with places:
        began = time.perf_counter()
        async with to.post("/v1/rewards", json=body) as answer:
            answer.raise_for_status()
            await answer.read()
        return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    sys.exit(main())
