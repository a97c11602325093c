"""What a job takes outside of judging: its two ends, and going on after all processes died.

A local stack of one worker and a plain asyncio script judge the same pairs at the same judge, 64
at once, in answers of half a second; the medians of some rounds in turns. `start` is from the
command to the judge's first request, `end` from its last answer to the command's exit. Then every
process gets SIGKILL with half of the answers given, and the same command is run again: `resume` is
from there to the first request, and `rest` what its run took beyond the judge's time for what was
left.
"""

import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import NamedTuple

from figures import Figure, arguments, report
from peers.contenders import PEERS, Installed
from peers.costs import JudgeClient, Run
from peers.judge_process import judge_process
from peers.task import IN_FLIGHT, write_answers

from rrm_queue.local.stack import LocalStack

PROMPTS, ANSWERS, SECONDS = 16, 8, 0.5
LIMIT = 240.0  # seconds of a run
TARGETS = {"start and end": 0.7, "resume and rest": 5.7}
"""Seconds: a third of the 2 and 17 s that were measured before."""


def main() -> int:
    """Exit code 0 when all targets are met."""
    given = arguments(__doc__, rounds={"type": int, "default": 5})
    rounds = 2 if given.quick else given.rounds
    with (
        judge_process() as (address, judge),
        tempfile.TemporaryDirectory(prefix="rrmq-ends-", ignore_cleanup_errors=True) as folder,
    ):
        file = Path(folder, "answers.jsonl")
        pairs = write_answers(file, PROMPTS, ANSWERS)
        script = Installed(PEERS[0], sys.executable, "", Path(folder))
        stack = _Stack(Path(folder, "home"), address)
        works = (Path(folder, f"script-{number}") for number in itertools.count())
        tools: dict[str, Callable[[], Run]] = {
            "script": lambda: script.run(file, _made(next(works)), address),
            "rrmq": lambda: stack.run(file),
        }
        try:
            stack.run(file).cost(judge, LIMIT)  # the first starts the stack
            took = [
                {name: _ends(make(), judge) for name, make in tools.items()} for _ in range(rounds)
            ]
            died = [
                {name: _killed(make(), judge, pairs) for name, make in tools.items()}
                for _ in range(rounds)
            ]
        finally:
            stack.down()
    figures = [*_figures(took, "start and end"), *_figures(died, "resume and rest")]
    return report(f"a job's two ends, {pairs} judgements of {SECONDS} s", figures, given)


class _Stack:
    """A local stack that judges at this address."""

    def __init__(self, home: Path, address: str) -> None:
        self._home = home
        self._seeds = itertools.count(1)
        others = {k: v for k, v in os.environ.items() if not k.startswith("RRMQ_")}
        self._environment = others | {
            "RRMQ_HOME": str(home),
            "RRMQ_OPENAI_BASE_URL": f"{address}/v1",
            "RRMQ_CONCURRENCY": str(IN_FLIGHT),
        }

    def run(self, file: Path) -> Run:
        """A job with a seed of its own; run again, it goes on."""
        options = ("--strategy", "elo", "--judge", "openai:judge", "--yes", "--watch")
        seed = str(next(self._seeds))
        command = (sys.executable, "-m", "rrm_queue", "submit", str(file), *options, "--seed", seed)
        log = self._home.with_name("rrmq.log")
        return Run(command, self._environment, log, self._processes, lambda: 0)

    def _processes(self) -> Iterator[int]:
        for lock in (self._home / "run").glob("*.lock"):
            if text := lock.read_text().strip():
                yield int(text)

    def down(self) -> None:
        LocalStack(self._home).down()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


class _Timed(NamedTuple):
    """A run: its seconds before the first request, between and after the last answer."""

    start: float
    judging: float
    end: float
    asked: int


def _timed(run: Run, judge: JudgeClient) -> _Timed:
    judge.begin(1000 * SECONDS, 0)
    began = time.monotonic()
    cost = run.cost(judge, LIMIT)
    ended = time.monotonic()
    seen = judge.seen()
    if cost.code:
        raise RuntimeError(run.log.read_text())
    first, last = seen["first"], seen["last"]
    return _Timed(first - began, last - first, ended - last, seen["asked"])


def _ends(run: Run, judge: JudgeClient) -> Mapping[str, float]:
    """Seconds before the first request, and after the last answer."""
    timed = _timed(run, judge)
    return {"start": timed.start, "end": timed.end}


def _killed(run: Run, judge: JudgeClient, pairs: int) -> Mapping[str, float]:
    """Seconds to the first request after all were killed, and those beyond the judge's time."""
    judge.begin(1000 * SECONDS, 0)
    if not run.killed(judge, pairs // 2):
        raise RuntimeError("it ended before it was killed")
    left = pairs - judge.seen()["answered"]
    timed = _timed(run, judge)
    print(f"asked {timed.asked} of {left} left", flush=True)
    return {"resume": timed.start, "rest": timed.judging + timed.end - SECONDS * left / IN_FLIGHT}


def _figures(rounds: list[dict[str, Mapping[str, float]]], sums: str) -> Iterator[Figure]:
    parts = rounds[0]["rrmq"]
    for part in parts:
        ours, script = (median(r[name][part] for r in rounds) for name in ("rrmq", "script"))
        yield Figure(part, ours, "s", script, "s, script")
    ours, script = (median(sum(r[name].values()) for r in rounds) for name in ("rrmq", "script"))
    target = TARGETS[sums]
    yield Figure(sums, ours, "s", script, "s, script", target, at_most=True, absolute=True)


if __name__ == "__main__":
    sys.exit(main())
