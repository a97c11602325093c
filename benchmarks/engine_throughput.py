"""Throughput through rrmq against the same requests sent straight to the same SGLang server.

Both sides send the same prompts with the same sampling and as many at once. The cache is flushed
before each run, whoever goes first changes from round to round, and medians over rounds are given.
The model's weights are random, so no text holds a verdict and hardly any ends before `max_tokens`:
with `--resamples 0` a match is one request of a nearly fixed length on either side.
"""

import asyncio
import importlib.metadata
import json
import os
import platform
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import aiohttp
import click
import msgspec.json
from rich.console import Console
from rich.table import Table
from rrm_worker.engine_process import HOST, EngineProcess, free_port, launch_command
from rrm_worker.health import Health

from rrm_queue.broker.app import create_app, judge_kind_queue
from rrm_queue.broker.link import BrokerLink, redis_client
from rrm_queue.domain import Candidate, CandidateNumber, Tournament
from rrm_queue.errors import RrmqError
from rrm_queue.judging.ask import Ask
from rrm_queue.judging.engines.sglang_http import SglangServer
from rrm_queue.judging.engines.sglang_wire import Prompt, Stream, request_of
from rrm_queue.judging.orientation import Orientation
from rrm_queue.judging.prompt import messages
from rrm_queue.judging.spec import parse_spec, with_sampling
from rrm_queue.judging.voting import vote_seed
from rrm_queue.local.stack import LocalStack
from rrm_queue.messages import Answer, JudgeSpec
from rrm_queue.seeds import derive
from rrm_queue.strategies.elo import Elo, scheduled

JUDGE = "rrm-7b"
RRMQ = (sys.executable, "-m", "rrm_queue.cli.main")
ROOT = Path(__file__).parents[1]
ENGINE_TESTS = ROOT / "tests" / "engine"

AHEAD = 1.25
"""Requests at the server for each that it computes at once: what rrmq's engine client allows."""

WORDS = ("the", "answer", "is", "better", "when", "each", "step", "follows", "from", "another")
QUESTION_WORDS, ANSWER_WORDS = 30, 90
CONTEXT = 8192
START_SECONDS = 900  # a GPU compiles kernels and captures graphs at its first start
SERVE_SECONDS = 60

TOKENS, ROWS = 151_936, 152_064
"""Of the 7B Qwen2: tokens that its tokenizer knows, and rows of its embedding."""

SHAPE_7B = {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "hidden_size": 3584,
    "intermediate_size": 18_944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "vocab_size": ROWS,
    "max_position_embeddings": CONTEXT,
    "hidden_act": "silu",
    "rms_norm_eps": 1e-6,
    "rope_theta": 1_000_000.0,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}

GPU_FLAGS = (
    "--load-format=dummy",
    "--attention-backend=triton",
    "--sampling-backend=pytorch",
    "--grammar-backend=none",
    "--dtype=bfloat16",
    "--max-running-requests=256",
    "--random-seed=1",
)


class Engine(NamedTuple):
    """An SGLang to launch: its Python, its model's folder, and what it is started with."""

    python: str
    model: Path
    flags: Sequence[str]
    environment: dict[str, str]


class Limits(NamedTuple):
    """What a running server says of itself; `concurrency` is how many requests it is given."""

    version: str
    concurrency: int


@dataclass(frozen=True, slots=True)
class Job:
    """What one round judges, on either side."""

    tournaments: Sequence[Tournament]
    judge: JudgeSpec
    seed: int

    def lines(self) -> bytes:
        """The file that `rrmq submit` is given."""
        rows = [
            {"id": t.key, "prompt": t.prompt, "candidates": [c.text for c in t.candidates]}
            for t in self.tournaments
        ]
        return "".join(json.dumps(row) + "\n" for row in rows).encode()

    def asks(self) -> Iterator[Ask]:
        """The votes of the job's round robins, in the order in which they are planned."""
        for tournament in self.tournaments:
            size = len(tournament.candidates)
            orientation = Orientation(size, derive(self.seed, tournament.key))
            for index in range(Elo().matches(size)):
                pairing = scheduled(size, index)
                one = orientation.slot_one(pairing.first, pairing.second)
                two = pairing.second if one == pairing.first else pairing.first
                yield self._ask(tournament, one, two)

    def _ask(self, tournament: Tournament, one: CandidateNumber, two: CandidateNumber) -> Ask:
        first, second = (
            Answer(n, tournament.candidates[n].key, tournament.candidates[n].text)
            for n in (one, two)
        )
        return Ask(
            tournament=tournament.key,
            prompt=tournament.prompt,
            reference=None,
            one=first,
            two=second,
            number=1,
            seed=vote_seed(self.seed, tournament.prompt, first.text, second.text, 1),
            swapped=False,
            judge=self.judge,
        )


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took; `of_bound` is the cached share over its bound, where it is known."""

    requests: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    seconds: float
    of_bound: float | None = None

    @property
    def tokens_per_second(self) -> float:
        """Prompt and completion tokens, cached ones included."""
        return (self.prompt_tokens + self.completion_tokens) / self.seconds

    @property
    def requests_per_second(self) -> float:
        """Requests answered to their end."""
        return self.requests / self.seconds


class Round(NamedTuple):
    """One job on both sides."""

    straight: Run
    rrmq: Run


def job_of(tournaments: int, candidates: int, max_tokens: int, seed: int) -> Job:
    """A job of texts in which no two answers of a tournament begin alike.

    The bound on sharing knows of none between different answers.
    """
    spec = parse_spec(JUDGE, base_url="", folder=ROOT)
    return Job(
        [
            Tournament(
                f"t{number}",
                f"Question {number}: {_words(QUESTION_WORDS, seed, number)}?",
                tuple(
                    Candidate(f"c{c}", f"{c}. {_words(ANSWER_WORDS, seed, number, c)}.")
                    for c in range(candidates)
                ),
                line=number + 1,
            )
            for number in range(tournaments)
        ],
        with_sampling(spec, {"max_tokens": str(max_tokens)}),
        seed,
    )


def _words(count: int, *parts: int) -> str:
    return " ".join(WORDS[derive(*parts, place) % len(WORDS)] for place in range(count))


async def run_straight(url: str, job: Job, concurrency: int) -> Run:
    """A bare load generator: tokenised before the clock starts, nothing grouped, nobody waits."""
    requests = await _requests(url, job)
    await flush(url)
    slots = asyncio.Semaphore(concurrency)
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=4)  # the server closes after 5 s
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:

        async def one(body: bytes) -> tuple[int, int, int]:
            stream = Stream(incremental=False)
            async with slots, session.post(f"{url}/generate", data=body) as answer:
                answer.raise_for_status()
                text = await answer.read()
            stream.feed(text)
            meta = stream.end().meta_info
            return meta.prompt_tokens, meta.cached_tokens, meta.completion_tokens

        session.headers["Content-Type"] = "application/json"
        began = time.perf_counter()
        counts = await asyncio.gather(*map(one, requests))
        seconds = time.perf_counter() - began
    prompt, cached, completion = map(sum, zip(*counts, strict=True))
    return Run(len(counts), prompt, cached, completion, seconds)


async def _requests(url: str, job: Job) -> list[bytes]:
    """The bodies that rrmq's engine client sends for the job, to the byte but for their ids."""
    server = SglangServer(url)
    bodies = []
    for number, ask in enumerate(job.asks()):
        tokens = await server.tokens(
            messages(job.judge, ask.prompt, ask.one.text, ask.two.text).messages
        )
        prompt = Prompt(
            msgspec.Raw(msgspec.json.encode(tokens)), len(tokens), 0, 0, neutralised=False
        )
        request = request_of(ask, prompt, rid=f"{number:032x}", room=CONTEXT)
        bodies.append(msgspec.json.encode(request))
    await server.close()
    return bodies


async def run_rrmq(url: str, job: Job, concurrency: int, home: Path) -> Run:
    """The same job from `rrmq submit` to its end, by a worker that has seen nothing yet.

    Timed from the job's own start to its finish, as the store has them.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RRMQ_")}
    environment["RRMQ_HOME"] = str(home)
    await _rrmq(environment, "up")
    await flush(url)
    async with _worker(url, concurrency, home, environment):
        submit = ["submit", "-", "--strategy", "elo", "--judge", JUDGE, "--seed", str(job.seed)]
        submit += ["--sampling", f"max_tokens={job.judge.max_tokens}", "--resamples", "0"]
        said = await _rrmq(environment, *submit, "--watch", "--json", file=job.lines())
    status = json.loads(said)
    took = datetime.fromisoformat(status["finished_at"]) - datetime.fromisoformat(
        status["started_at"]
    )
    tokens, sharing = status["tokens"], status["sharing"]
    return Run(
        status["votes"],
        tokens["prompt"],
        tokens["cached"],
        tokens["completion"],
        took.total_seconds(),
        sharing["cached"] / sharing["bound"],
    )


@asynccontextmanager
async def _worker(
    url: str, concurrency: int, home: Path, environment: dict[str, str]
) -> AsyncIterator[None]:
    """A worker that serves the judge from the server at `url`."""
    argv = [*RRMQ, "worker", "--judge", JUDGE, "--sglang-url", url]
    log = home / "logs" / "benchmark-worker.log"
    with log.open("ab") as written:
        worker = await asyncio.create_subprocess_exec(
            *[*argv, "--concurrency", str(concurrency)],
            env=environment,
            stdout=written,
            stderr=written,
        )
    broker_url = LocalStack(home).addresses.broker_url
    link = BrokerLink(create_app(broker_url), redis_client(broker_url))
    try:
        async with asyncio.timeout(SERVE_SECONDS):
            while not link.capacities(judge_kind_queue(JUDGE)):
                if worker.returncode is not None:
                    raise click.ClickException(f"the worker ended: {log.read_text()[-2000:]}")
                await asyncio.sleep(0.05)
        yield
    finally:
        if worker.returncode is None:
            worker.terminate()
        await worker.wait()


async def _rrmq(environment: dict[str, str], *arguments: str, file: bytes = b"") -> bytes:
    """What the command prints; raises ClickException with its words when it fails."""
    process = await asyncio.create_subprocess_exec(
        *RRMQ,
        *arguments,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, words = await process.communicate(file)
    if process.returncode != 0:
        raise click.ClickException(f"rrmq {arguments[0]}: {(words + out).decode()[-2000:]}")
    return out


async def flush(url: str) -> None:
    """Empties the server's cache, once it is idle."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/flush_cache?timeout=30") as answer,
    ):
        answer.raise_for_status()


@asynccontextmanager
async def serving(engine: Engine, log: Path) -> AsyncIterator[str]:
    """The URL of a server that runs as the worker's own child would."""
    port = free_port()
    url = f"http://{HOST}:{port}"
    command = launch_command(engine.python, str(engine.model), port, engine.flags)
    with log.open("w") as written:
        process = EngineProcess(command, engine.environment, lambda line: print(line, file=written))
        await process.start()
        try:
            await _until_up(process, url)
            yield url
        finally:
            await process.stop()


async def _until_up(process: EngineProcess, url: str) -> None:
    """Returns when the server answers; raises ClickException when it ends or takes too long."""
    async with Health(url) as health:
        up = asyncio.create_task(health.until_up())
        died = asyncio.create_task(process.died())
        await asyncio.wait({up, died}, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if died.done():
            raise click.ClickException(f"SGLang ended: {died.result()}")
        if not up.done():
            raise click.ClickException(f"SGLang is not up after {START_SECONDS} s")
        died.cancel()


def cpu_engine(python: str | None, folder: Path) -> Engine:
    """The engine of the tests: 0.1 million random weights on the CPU."""
    environment = Path(os.environ.get("RRMQ_TEST_ENGINE", ROOT / ".engine"))
    python = python or str(environment / "bin" / "python")
    _make_model(python, folder)
    recipe = runpy.run_path(str(ENGINE_TESTS / "sglang_process.py"))
    return Engine(python, folder, recipe["FLAGS"], os.environ | recipe["ENVIRONMENT"])


def gpu_engine(python: str | None, folder: Path) -> Engine:
    """A model of a 7B Qwen2's shape, whose weights SGLang makes up."""
    python = python or sys.executable
    _make_model(python, folder)
    stretch(folder, SHAPE_7B)
    return Engine(python, folder, GPU_FLAGS, os.environ | {"HF_HUB_OFFLINE": "1"})


def stretch(folder: Path, shape: dict[str, Any]) -> None:
    """Gives the tiny model's folder another shape, and its tokenizer a word for every token.

    Without words for them most sampled tokens would be no text, and cost rrmq nothing to keep.
    """
    (folder / "model.safetensors").unlink()
    config = folder / "config.json"
    tiny = json.loads(config.read_text())
    special = {name: tiny.get(name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    config.write_text(json.dumps(shape | special))
    file = folder / "tokenizer.json"
    tokenizer = json.loads(file.read_text())
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary |= {f"Ġw{number:x}": number for number in range(len(vocabulary), TOKENS)}
    file.write_text(json.dumps(tokenizer))


def _make_model(python: str, folder: Path) -> None:
    try:
        command = [python, str(ENGINE_TESTS / "make_model.py"), str(folder), str(CONTEXT)]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    except OSError as error:
        raise click.ClickException(f"no Python of SGLang's at {python}: {error}") from error
    except subprocess.CalledProcessError as error:
        words = error.stderr.decode().strip().splitlines()[-1]
        raise click.ClickException(f"{python} cannot make a model: {words}") from error


def gpu_name() -> str | None:
    """The first NVIDIA GPU's name and driver, if there is one."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    query = [program, "--query-gpu=name,driver_version", "--format=csv,noheader"]
    done = subprocess.run(query, capture_output=True, check=False)  # noqa: S603
    lines = done.stdout.decode().splitlines()
    return lines[0] if done.returncode == 0 and lines else None


async def measure(
    engine: Engine, home: Path, size: tuple[int, int, int], rounds: int
) -> tuple[Limits, list[Round]]:
    """All rounds on one server, after a straight run that nobody counts."""
    async with serving(engine, home.parent / "engine.log") as url:
        server = SglangServer(url)
        info, loads = await asyncio.gather(server.info(), server.loads())
        await server.close()
        limits = Limits(info.version, ceil(loads.capacity * AHEAD))
        await run_straight(url, job_of(*size, seed=0), limits.concurrency)
        measured = []
        for number in range(1, rounds + 1):
            measured.append(await _round(url, job_of(*size, seed=number), limits, home))
            click.echo(f"round {number} of {rounds}: {_line(measured[-1])}", err=True)
    return limits, measured


async def _round(url: str, job: Job, limits: Limits, home: Path) -> Round:
    """Both runs of a job; raises ClickException unless they sent the same."""
    if job.seed % 2:
        straight = await run_straight(url, job, limits.concurrency)
        rrmq = await run_rrmq(url, job, limits.concurrency, home)
    else:
        rrmq = await run_rrmq(url, job, limits.concurrency, home)
        straight = await run_straight(url, job, limits.concurrency)
    one, other = ((run.requests, run.prompt_tokens) for run in (straight, rrmq))
    if one != other:
        raise click.ClickException(f"requests and prompt tokens differ: {one} and {other}")
    return Round(straight, rrmq)


def _line(one: Round) -> str:
    rates = (f"{run.tokens_per_second:,.0f}" for run in one)
    return " and ".join(rates) + " tokens/s straight and through rrmq"


def ratios(rounds: Sequence[Round]) -> dict[str, float]:
    """Medians over the rounds of what rrmq reached of the straight run in the same round."""
    return {
        "tokens_per_second": median(
            r.rrmq.tokens_per_second / r.straight.tokens_per_second for r in rounds
        ),
        "requests_per_second": median(
            r.rrmq.requests_per_second / r.straight.requests_per_second for r in rounds
        ),
        "cached_of_bound": median(r.rrmq.of_bound or 0.0 for r in rounds),
    }


def show(rounds: Sequence[Round], found: dict[str, float]) -> None:
    """The medians of both sides, and their ratios."""
    lines: list[tuple[str, Callable[[Run], float], str, str]] = [
        ("tokens a second", lambda run: run.tokens_per_second, ",.1f", "tokens_per_second"),
        ("requests a second", lambda run: run.requests_per_second, ",.1f", "requests_per_second"),
        ("prompt tokens cached", lambda run: run.cached_tokens / run.prompt_tokens, ".1%", ""),
        (
            "completion tokens a request",
            lambda run: run.completion_tokens / run.requests,
            ".1f",
            "",
        ),
    ]
    table = Table("", *Round._fields, "rrmq ÷ straight", title=f"medians of {len(rounds)} rounds")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, figure, form, key in lines:
        sides = [median(map(figure, runs)) for runs in zip(*rounds, strict=True)]
        ratio = f"{found[key]:.3f}" if key else ""
        table.add_row(name, *(format(side, form) for side in sides), ratio)
    table.add_row("cached ÷ bound", "", f"{found['cached_of_bound']:.4f}", "")
    Console().print(table)


def versions(engine: Engine, sglang: str) -> dict[str, str]:
    """What was measured, in versions."""
    ask = [engine.python, "-c", "from importlib.metadata import version as v; print(v('torch'))"]
    torch = subprocess.run(ask, capture_output=True, check=True)  # noqa: S603
    return {
        "rrmq": importlib.metadata.version("rrmq"),
        "sglang": sglang,
        "torch": torch.stdout.decode().strip(),
        "python": platform.python_version(),
    }


@click.command()
@click.option("--cpu", is_flag=True, help="Try it out on SGLang's CPU engine with a tiny model.")
@click.option("--tournaments", type=click.IntRange(1), default=16, show_default=True)
@click.option("--candidates", type=click.IntRange(2, 45), default=16, show_default=True)
@click.option("--max-tokens", type=click.IntRange(1, 4096), default=256, show_default=True)
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--engine-python", metavar="PATH", help="The Python that SGLang is installed in.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=ROOT / "build" / "engine_throughput.json",
    help="Where the figures go as JSON.",
)
def main(
    cpu: bool,
    tournaments: int,
    candidates: int,
    max_tokens: int,
    rounds: int,
    engine_python: str | None,
    out: Path,
) -> None:
    """Measure throughput through rrmq against the same requests sent straight to SGLang."""
    gpu = None if cpu else gpu_name()
    if gpu is None and not cpu:
        raise click.ClickException("this needs an NVIDIA GPU; --cpu tries it out without one")
    size = (tournaments, candidates, max_tokens)
    with tempfile.TemporaryDirectory(prefix="rrmq-benchmark-") as folder:
        model, home = Path(folder, "model"), Path(folder, "home")
        engine = (cpu_engine if cpu else gpu_engine)(engine_python, model)
        try:
            limits, measured = asyncio.run(measure(engine, home, size, rounds))
        except (RrmqError, aiohttp.ClientError, TimeoutError) as error:
            raise click.ClickException(str(error) or "nobody answered in time") from error
        finally:
            LocalStack(home).down()
    found = ratios(measured)
    show(measured, found)
    report = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "gpu": gpu,
        },
        "versions": versions(engine, limits.version),
        "flags": list(engine.flags),
        "tournaments": tournaments,
        "candidates": candidates,
        "max_tokens": max_tokens,
        "concurrency": limits.concurrency,
        "ratios": found,
        "rounds": [{side: asdict(run) for side, run in one._asdict().items()} for one in measured],
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=2) + "\n")
    click.echo(f"written to {out}", err=True)


if __name__ == "__main__":
    main()
