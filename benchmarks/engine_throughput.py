"""Requests per second through rrmq against the same requests sent directly to the same SGLang.

Both sides send the same prompts with the same sampling and as many at once. The cache is flushed
before each run, whoever goes first changes from round to round, and medians over rounds are given.
The model's weights are random, so no text holds a verdict and hardly any ends before `max_tokens`:
with `--resamples 0` a match is one request of a nearly fixed length on either side.

With an NVIDIA GPU it has the shape of a 7B model. Without one SGLang's CPU engine serves a tiny
model: that shows what the queue costs, and nothing of a GPU.
"""

import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from math import ceil
from pathlib import Path
from statistics import median
from typing import NamedTuple

from engine_job import Job, job_of
from engine_server import Engine, cpu_engine, gpu_engine, gpu_name, serving, torch_version
from engine_sides import Run, run_direct, run_rrmq
from figures import Figure, arguments, report

from rrm_queue.judging.engines.sglang.http import SglangServer
from rrm_queue.local.stack import LocalStack

TARGET = 0.97

AHEAD = 1.25
"""Requests at the server for each that it computes at once: what rrmq's engine client allows."""


class Size(NamedTuple):
    """A round: tournaments, candidates of each, and the tokens of a vote."""

    tournaments: int
    candidates: int
    max_tokens: int


ON_GPU, ON_CPU, QUICK = Size(16, 16, 256), Size(10, 8, 64), Size(4, 8, 32)


class Round(NamedTuple):
    """One job on both sides."""

    direct: Run
    rrmq: Run


def main() -> int:
    """Exit code 0 when rrmq keeps the engine as busy as a bare load generator does."""
    given = arguments(
        __doc__,
        gpu={"action": "store_true", "help": "refuse to run without an NVIDIA GPU"},
        rounds={"type": int, "default": 3, "metavar": "N"},
        tournaments={"type": int, "metavar": "N"},
        candidates={"type": int, "metavar": "N"},
        max_tokens={"type": int, "metavar": "N"},
        engine_python={"metavar": "PATH", "help": "the Python that SGLang is installed in"},
    )
    gpu = gpu_name()
    if given.gpu and gpu is None:
        sys.exit("there is no NVIDIA GPU")
    usual = QUICK if given.quick else ON_GPU if gpu else ON_CPU
    size = Size(*(getattr(given, name) or value for name, value in usual._asdict().items()))
    with tempfile.TemporaryDirectory(prefix="rrmq-benchmark-") as folder:
        model, home = Path(folder, "model"), Path(folder, "home")
        engine = (gpu_engine if gpu else cpu_engine)(given.engine_python, model)
        try:
            version, rounds = asyncio.run(_measure(engine, home, size, given.rounds))
        finally:
            LocalStack(home).down()
    what = f"{gpu or 'CPU'}, SGLang {version}, PyTorch {torch_version(engine)}"
    title = f"{what}: {size.tournaments} x {size.candidates}, {size.max_tokens} tokens"
    return report(title, list(_figures(rounds)), given)


async def _measure(
    engine: Engine, home: Path, size: Size, rounds: int
) -> tuple[str, Sequence[Round]]:
    """The server's version, and all rounds on it, after a direct run that is not counted."""
    async with serving(engine, home.parent / "engine.log") as url:
        server = SglangServer(url)
        info, loads = await asyncio.gather(server.info(), server.loads())
        await server.close()
        concurrency = ceil(loads.capacity * AHEAD)
        await run_direct(url, job_of(*size, seed=0), concurrency)
        jobs = [job_of(*size, seed=number) for number in range(1, rounds + 1)]
        return info.version, [await _round(url, job, concurrency, home) for job in jobs]


async def _round(url: str, job: Job, concurrency: int, home: Path) -> Round:
    """Both runs of a job; raises RuntimeError unless they sent the same."""
    if job.seed % 2:
        direct = await run_direct(url, job, concurrency)
        rrmq = await run_rrmq(url, job, concurrency, home)
    else:
        rrmq = await run_rrmq(url, job, concurrency, home)
        direct = await run_direct(url, job, concurrency)
    one, other = ((run.requests, run.prompt_tokens) for run in (direct, rrmq))
    if one != other:
        raise RuntimeError(f"requests and prompt tokens differ: {one} and {other}")
    return Round(direct, rrmq)


def _figures(rounds: Sequence[Round]) -> Iterator[Figure]:
    def both(figure: Callable[[Run], float], name: str, unit: str) -> Figure:
        """The medians of both sides; the ratio is the median of the rounds' own."""
        direct = median(figure(one.direct) for one in rounds)
        ratio = median(figure(one.rrmq) / figure(one.direct) for one in rounds)
        return Figure(name, ratio * direct, unit, direct, f"{unit} direct", TARGET)

    yield both(lambda run: run.requests_per_second, "requests through rrmq", "requests/s")
    yield both(lambda run: run.tokens_per_second, "tokens through rrmq", "tokens/s")
    for side in Round._fields:
        runs = [getattr(one, side) for one in rounds]
        cached = median(100 * run.cached_tokens / run.prompt_tokens for run in runs)
        yield Figure(f"prompt tokens cached, {side}", cached, "%")
    yield Figure("cached ÷ bound", median(one.rrmq.of_bound or 0.0 for one in rounds), "")
    generated = median(one.rrmq.completion_tokens / one.rrmq.requests for one in rounds)
    yield Figure("completion tokens a request", generated, "")


if __name__ == "__main__":
    sys.exit(main())
