"""Both sides of the engine's benchmark: a bare load generator, and all of rrmq."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import aiohttp
import msgspec.json
from engine_job import JUDGE, Job
from engine_server import CONTEXT

from rrm_queue.broker.app import create_app
from rrm_queue.broker.client import BrokerClient, redis_client
from rrm_queue.judging.engines.sglang.http import SglangServer
from rrm_queue.judging.engines.sglang.stream import Stream
from rrm_queue.judging.engines.sglang.wire import Prompt, payload_of
from rrm_queue.judging.kinds import worker_queue
from rrm_queue.judging.prompt import messages
from rrm_queue.local.stack import LocalStack

RRMQ = (sys.executable, "-m", "rrm_queue.cli.main")
SERVE_SECONDS = 60


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


async def run_direct(url: str, job: Job, concurrency: int) -> Run:
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
    """The bodies that rrmq's engine client sends for the job, to the byte but for their ids.

    Ids are new each time: SGLang aborts whatever carries one two seconds after its stream ended.
    """
    server = SglangServer(url)
    bodies = []
    for request in job.requests():
        tokens = await server.tokens(
            messages(job.judge, request.prompt, request.one.text, request.two.text).messages
        )
        prompt = Prompt(
            msgspec.Raw(msgspec.json.encode(tokens)), len(tokens), 0, 0, sanitized=False
        )
        payload = payload_of(request, prompt, rid=uuid4().hex, room=CONTEXT)
        bodies.append(msgspec.json.encode(payload))
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
        submit += ["--keep-going"]  # random weights give no verdict
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
    broker = BrokerClient(lambda: create_app(broker_url), redis_client(broker_url))
    try:
        async with asyncio.timeout(SERVE_SECONDS):
            while not broker.capacities(worker_queue(JUDGE)):
                if worker.returncode is not None:
                    raise RuntimeError(f"the worker ended: {log.read_text()[-2000:]}")
                await asyncio.sleep(0.05)
        yield
    finally:
        if worker.returncode is None:
            worker.terminate()
        await worker.wait()


async def _rrmq(environment: dict[str, str], *arguments: str, file: bytes = b"") -> bytes:
    """What the command prints; raises RuntimeError with its words when it fails."""
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
        raise RuntimeError(f"rrmq {arguments[0]}: {(words + out).decode()[-2000:]}")
    return out


async def flush(url: str) -> None:
    """Empties the server's cache, once it is idle."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/flush_cache?timeout=30") as answer,
    ):
        answer.raise_for_status()
