"""The same judgements through rrmq and through other tools, against one judge on this machine.

Each tool asks for all pairs of each prompt's eight answers, 64 requests at once. The judge answers
at once, in 0.5 s, or in a time with a heavy tail. The baseline is a plain asyncio script. With
`--kill` every process of a tool gets SIGKILL in the middle, and the tool is run again. Each tool is
installed into an environment of its own under `--environments`; what does not install is named.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

from figures import Figure, arguments, report
from peers.contenders import PEERS, Installed, Rrmq, installed
from peers.costs import Cost, JudgeClient, Run
from peers.judge_process import judge_process
from peers.task import IN_FLIGHT, write_answers
from rig import add_worker, one_coordinator

ANSWERS = 8
TIMES = {"0 ms": (0, 0), "500 ms": (500, 0), "heavy tail": (500, 1)}
"""Milliseconds, and the spread of their logarithm."""

NAMES = ("script", "rrmq", *(peer.name for peer in PEERS if peer.packages))
Runs = dict[str, Callable[[Path], Run]]


def main() -> int:
    """Prints each tool beside the script; there is no target."""
    given = arguments(
        __doc__,
        tool={"action": "append", "choices": NAMES, "help": "only these; the script always runs"},
        time={"action": "append", "choices": tuple(TIMES)},
        prompts={"type": int, "default": 50, "help": "28 judgements each"},
        rounds={"type": int, "default": 1},
        kill={"action": "store_true"},
        limit={"type": float, "default": 240.0, "help": "seconds of a run"},
        environments={"type": Path, "default": Path("build/peers")},
    )
    names = {"script", *(given.tool or NAMES)}
    found = [installed(peer, given.environments) for peer in PEERS if peer.name in names]
    tools = [tool for tool in found if tool is not None]
    for tool in tools:
        print(tool.peer.name, tool.version or "of our own")
    prompts = 5 if given.quick else given.prompts
    with judge_process() as (address, judge), one_coordinator() as fleet, _folder() as folder:
        fleet.environment["RRMQ_OPENAI_BASE_URL"] = f"{address}/v1"
        add_worker(fleet, "openai", "--concurrency", str(IN_FLIGHT))
        file = folder / "answers.jsonl"
        pairs = write_answers(file, prompts, ANSWERS)
        rrmq, runs = Rrmq(fleet), _runs(tools, file, address)
        if "rrmq" in names:
            runs = {"script": runs.pop("script"), "rrmq": lambda work: rrmq.run(file, work)} | runs
        if given.kill:
            figures = [*_killed(runs, rrmq, judge, folder, pairs, given.limit)]
        else:
            times = given.time or list(TIMES)
            figures = [*_measured(runs, judge, folder, pairs, times, given.rounds, given.limit)]
    return report(f"{pairs:,} judgements, {IN_FLIGHT} at once", figures, given)


def _runs(tools: Sequence[Installed], file: Path, address: str) -> Runs:
    return {tool.peer.name: partial(tool.run, file, address=address) for tool in tools}


def _measured(
    runs: Runs,
    judge: JudgeClient,
    folder: Path,
    pairs: int,
    times: Sequence[str],
    rounds: int,
    limit: float,
) -> Iterator[Figure]:
    """Judgements a second and processor time a judgement; the medians of the rounds."""
    for time in times:
        script: tuple[float, float] | None = None
        for name, run in runs.items():
            costs = [_cost(name, run, judge, folder, TIMES[time], limit) for _ in range(rounds)]
            complete = [cost for cost in costs if cost.judged >= pairs]
            if len(complete) < rounds:
                print(f"{name}, {time}: not complete after {limit:.0f} s: {costs}", flush=True)
                continue
            rate = pairs / median(cost.wall for cost in complete)
            cpu = 1000 * median(cost.cpu for cost in complete) / pairs
            script = script or (rate, cpu)
            yield Figure(f"{name}, {time}", rate, "judgements/s", script[0], "script")
            yield Figure(f"{name}, {time}", cpu, "ms of CPU a judgement", script[1], "script")


def _cost(
    name: str,
    run: Callable[[Path], Run],
    judge: JudgeClient,
    folder: Path,
    time: tuple[float, float],
    limit: float,
) -> Cost:
    with _folder(folder) as work:
        judge.begin(*time)
        cost = run(work).cost(judge, limit)
        print(f"{name}: {cost}", flush=True)
        return cost


def _killed(
    runs: Runs, rrmq: Rrmq, judge: JudgeClient, folder: Path, pairs: int, limit: float
) -> Iterator[Figure]:
    """What was asked for again after all processes were killed in the middle, and what is lost."""
    for name, make in runs.items():
        with _folder(folder) as work:
            judge.begin(*TIMES["500 ms"])
            run = make(work)
            if not run.killed(judge, pairs // 2):
                print(f"{name}: ended before it was killed")
                continue
            began = perf_counter()
            if name == "rrmq":
                rrmq.start()
            cost = run.cost(judge, limit)
            print(f"{name}, killed: {cost}", flush=True)
        yield Figure(f"{name}, killed", cost.repeated, "asked again", IN_FLIGHT, "in flight")
        yield Figure(f"{name}, killed", pairs - cost.judged, "missing from the result")
        yield Figure(f"{name}, killed", perf_counter() - began, "s until the second run ended")


@contextmanager
def _folder(within: Path | None = None) -> Iterator[Path]:
    """A new folder, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="peers-", dir=within))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
