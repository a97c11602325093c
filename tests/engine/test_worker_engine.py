"""`rrmq worker` with the real SGLang as its child: started, killed, restarted, stopped."""

import asyncio
import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import aiohttp
import psutil
import pytest
from kit.sglang_process import FLAGS, SglangProcess, engine_environment
from kit.waiting import PATIENCE, eventually_by
from rrm_worker.engine_process import free_port
from rrm_worker.health import Health

from rrm_queue.broker.client import BrokerClient
from rrm_queue.domain import BatchId, JobId, JudgeSpec, Verdict, Voting
from rrm_queue.judging.kinds import worker_queue
from rrm_queue.local.stack import Addresses
from rrm_queue.messages import (
    BROKEN,
    OVER,
    RETURNED,
    Answer,
    BatchMatch,
    JudgeBatch,
    MatchReport,
    Outcomes,
    Question,
    decode,
)

QUEUE = worker_queue("sglang:tiny")
QUICK = r"[a-z ]{4,20}</think>\n\n\\boxed\{Assistant (1|2)\}"
ENDLESS = r"[a-z]{7000}"
START, GRACE = 250, 20  # seconds


@dataclass
class Launched:
    """A running `rrmq worker`, its engine, and what it sends."""

    process: subprocess.Popen[bytes]
    broker: BrokerClient
    log: Path
    metrics_port: int
    flushes: list[Outcomes] = field(default_factory=list)

    def engine(self) -> psutil.Process:
        """SGLang's main process, once it runs."""
        found: list[psutil.Process] = []

        def runs() -> bool:
            children = psutil.Process(self.process.pid).children()
            found[:] = [c for c in children if "sglang.launch_server" in " ".join(c.cmdline())]
            return bool(found)

        self.until(runs, "the engine runs")
        return found[0]

    def until(self, condition: Callable[[], bool], what: str, seconds: float = START) -> None:
        """Waits for it as long as an engine may take to start, or so many seconds."""
        eventually_by(self.process, self.log, condition, what, seconds)

    def serves(self) -> bool:
        return bool(self.broker.capacities(QUEUE))

    def holds(self) -> int:
        """How many matches the worker says that it can hold at once."""
        [capacity] = self.broker.capacities(QUEUE).values()
        return capacity

    def publish(self, number: int, matches: int, regex: str) -> None:
        judge = JudgeSpec("sglang", "tiny", max_tokens=7000, regex=regex)
        answers = [Answer(n, f"c{n}", f"It is {n}.") for n in range(matches + 1)]
        pairs = [BatchMatch(100 * number + m, 0, m + 1) for m in range(matches)]
        questions = [Question("t", "How many?", None, answers)]
        batch = JudgeBatch(number, "job", judge, questions, pairs, Voting(), seed=1)
        self.broker.publish(QUEUE, [batch])

    def lease(self, number: int) -> str | None:
        holder = self.broker.holders([(JobId("job"), BatchId(number))])[BatchId(number)]
        return holder and holder.name

    def judges(self, number: int) -> None:
        """A batch goes through the worker from end to end."""
        self.publish(number, 4, QUICK)
        self.until(lambda: self.lease(number) == OVER, f"batch {number} is over")
        got = {report.match: report for report in self.received()}
        for match in range(100 * number, 100 * number + 4):
            assert got[match].failure is None
            assert got[match].votes[0].verdict in (Verdict.FIRST, Verdict.SECOND)

    def received(self) -> list[MatchReport]:
        """All that the worker has reported so far."""
        while flushes := self.broker.receive(0.01):
            self.flushes += [decode(flush.body, Outcomes) for flush in flushes]
        return [report for flush in self.flushes for report in flush.matches]

    def generates(self) -> bool:
        """Whether votes are being written right now."""
        return "rrmq_matches_held 0.0" not in self.metrics()

    def metrics(self) -> str:
        url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return str(answer.read().decode())


def command(
    broker_url: str, python: Path, model: str, *more: str, flags: Sequence[str] = FLAGS
) -> tuple[list[str], dict[str, str]]:
    argv = [sys.executable, "-m", "rrm_queue.cli.main", "worker", "--judge", "sglang:tiny"]
    argv += ["--model", model, "--engine-python", str(python), "--engine-args", shlex.join(flags)]
    return [*argv, *more], engine_environment(python) | {"RRMQ_BROKER_URL": broker_url}


@pytest.fixture
def flags() -> Sequence[str]:
    """The flags of the worker's engine."""
    return FLAGS


@pytest.fixture
def worker(
    servers: Addresses,
    broker: BrokerClient,
    engine_python: Path,
    tiny_model: Path,
    tmp_path: Path,
    flags: Sequence[str],
) -> Iterator[Launched]:
    """A worker that serves."""
    port = free_port()
    more = ("--metrics-port", str(port), "--grace", str(GRACE))
    argv, environment = command(
        servers.broker_url, engine_python, str(tiny_model), *more, flags=flags
    )
    log = tmp_path / "worker.log"
    with log.open("wb") as written:
        process = subprocess.Popen(argv, env=environment, stdout=written, stderr=written)
    launched = Launched(process, broker, log, port)
    try:
        launched.until(launched.serves, "the worker serves")
        yield launched
    finally:
        process.kill()
        process.wait()


def gone(processes: list[psutil.Process], seconds: float) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not [p for p in alive if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def test_an_engine_killed_amid_a_batch_is_restarted_and_the_batch_handed_back(
    worker: Launched,
) -> None:
    worker.judges(1)
    worker.publish(2, 4, ENDLESS)
    worker.until(worker.generates, "votes are being written")
    engine = worker.engine()
    began = time.monotonic()
    engine.kill()
    worker.until(lambda: worker.lease(2) == BROKEN, "the batch is handed back", 10)
    print(f"handed back after {time.monotonic() - began:.2f} s")
    worker.until(lambda: not worker.serves(), "the worker has left the roll", 10)
    worker.until(worker.serves, "the worker serves again")
    worker.judges(3)
    print(f"judging again after {time.monotonic() - began:.1f} s")
    reports = [r for r in worker.received() if r.match // 100 == 2]
    assert [r for r in reports if r.votes] == [], "nothing was decided"
    assert all(r.failure and r.failure.wait for r in reports), "what waited lost no attempt"
    metrics = worker.metrics()
    assert "rrmq_engine_restarts_total 1.0" in metrics
    assert "rrmq_engine_up 1.0" in metrics
    assert 'rrmq_tokens_total{kind="prompt"}' in metrics


@pytest.mark.parametrize("flags", [(*FLAGS, "--max-total-tokens=8192")], ids=["small cache"])
def test_sigterm_hands_back_what_cannot_finish_and_ends_the_engine(worker: Launched) -> None:
    """Before that the worker learns that the engine's cache holds fewer texts than its limit."""
    engine = worker.engine()
    family = [engine, *engine.children(recursive=True)]
    assert worker.holds() == 20, "a quarter more than the engine's limit"
    worker.publish(1, 20, ENDLESS)
    worker.until(worker.generates, "votes are being written")
    worker.until(lambda: worker.holds() < 10, "it has learned how few texts fit")
    began = time.monotonic()
    worker.process.terminate()
    assert worker.process.wait(GRACE + 5) == 0
    print(f"ended {time.monotonic() - began:.1f} s after SIGTERM")
    assert time.monotonic() - began < GRACE + 2
    assert worker.lease(1) == RETURNED
    assert gone(family, 1)
    assert not worker.serves()


def test_the_engine_does_not_outlive_a_worker_that_is_killed(worker: Launched) -> None:
    engine = worker.engine()
    family = [engine, *engine.children(recursive=True)]
    began = time.monotonic()
    worker.process.send_signal(signal.SIGKILL)
    worker.process.wait()
    assert gone(family, 10)
    print(f"engine gone {time.monotonic() - began:.2f} s after the worker's SIGKILL")


def test_an_engine_that_dies_at_the_start_ends_the_worker_with_one_line(
    servers: Addresses, broker: BrokerClient, engine_python: Path, tmp_path: Path
) -> None:
    missing = str(tmp_path / "no-model")
    engine_log = tmp_path / "engine.log"
    argv, environment = command(
        servers.broker_url, engine_python, missing, "--engine-log", str(engine_log)
    )
    done = subprocess.run(argv, env=environment, capture_output=True, timeout=START, check=False)
    assert done.returncode == 1
    said = done.stderr.decode().splitlines()
    assert len(said) == 1
    assert said[0].startswith("rrmq: The engine is not running: exit code 1: ")
    assert missing in said[0]
    assert "Traceback" in engine_log.read_text()


def test_a_python_without_sglang_is_said(
    servers: Addresses, broker: BrokerClient, tmp_path: Path
) -> None:
    other = tmp_path / "python"
    other.symlink_to(sys.executable)
    argv, environment = command(servers.broker_url, other, "any")
    done = subprocess.run(argv, env=environment, capture_output=True, timeout=START, check=False)
    assert done.returncode == 1
    assert "No module named 'sglang'" in done.stderr.decode().splitlines()[-1]


def test_a_running_server_is_used_and_waited_for(
    servers: Addresses, broker: BrokerClient, sglang_server: SglangProcess, tmp_path: Path
) -> None:
    port = free_port()
    argv = [sys.executable, "-m", "rrm_queue.cli.main", "worker", "--judge", "sglang:tiny"]
    argv += ["--sglang-url", sglang_server.url, "--metrics-port", str(port)]
    log = tmp_path / "worker.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            argv,
            env=os.environ | {"RRMQ_BROKER_URL": servers.broker_url, "RRMQ_CONCURRENCY": "4"},
            stdout=written,
            stderr=written,
        )
    worker = Launched(process, broker, log, port)
    try:
        worker.judges(1)
        assert broker.facts(QUEUE).unseeded == 1, "SGLang says that it ignores seeds"
        assert worker.holds() == 4
        worker.publish(2, 4, ENDLESS)
        # the engine computes them all, and none waits
        worker.until(lambda: worker.holds() > 4, "it may hold more")
        sglang_server.kill()
        worker.until(lambda: not worker.serves(), "the worker has left the roll", 15)
        assert "rrmq_engine_up 0.0" in worker.metrics()
        sglang_server.start()
        worker.judges(3)
    finally:
        process.kill()
        process.wait()


def test_a_hung_engine_is_known_by_its_want_of_progress(sglang_server: SglangProcess) -> None:
    async def watch() -> str:
        async with Health(sglang_server.url, stalled_seconds=6, cpu_seconds=cpu) as health:
            await health.until_up()
            body = {"text": "a", "sampling_params": {"max_new_tokens": 8000, "ignore_eos": True}}
            async with aiohttp.ClientSession() as session:
                writing = asyncio.create_task(
                    session.post(f"{sglang_server.url}/generate", json=body)
                )
                down = asyncio.create_task(health.until_down())
                await asyncio.wait({down}, timeout=9)
                assert not down.done(), "a busy engine is no hung one"
                scheduler.suspend()
                try:
                    return await asyncio.wait_for(down, 30)
                finally:
                    scheduler.resume()
                    writing.cancel()

    def cpu() -> float:
        used = [process.cpu_times() for process in (server, *server.children(recursive=True))]
        return sum(times.user + times.system for times in used)

    server = psutil.Process(sglang_server.pid)
    children = server.children()
    scheduler = next(child for child in children if "scheduler" in "".join(child.cmdline()))
    assert asyncio.run(watch()).startswith("no progress for ")


def test_an_engine_that_is_short_of_processors_is_not_hung(sglang_server: SglangProcess) -> None:
    """Its scheduler runs for 3 % of the time, as on a machine with far too much to do."""
    starving = Event()

    def starve() -> None:
        while not starving.wait(0.03):
            scheduler.suspend()
            starving.wait(0.97)
            scheduler.resume()

    def cpu() -> float:
        used = [process.cpu_times() for process in (server, *server.children(recursive=True))]
        return sum(times.user + times.system for times in used)

    async def watch() -> None:
        async with Health(sglang_server.url, stalled_seconds=6, cpu_seconds=cpu) as health:
            await health.until_up()
            body = {
                "text": ["a b c d " * 400] * 8,
                "sampling_params": {"max_new_tokens": 200, "ignore_eos": True},
            }
            async with aiohttp.ClientSession() as session:
                writing = asyncio.create_task(
                    session.post(f"{sglang_server.url}/generate", json=body)
                )
                thread.start()
                down = asyncio.create_task(health.until_down())
                await asyncio.wait({down}, timeout=25)
                assert not down.done(), "a starved engine is only slow"
                down.cancel()
                starving.set()
                thread.join()
                assert (await writing).status == 200

    server = psutil.Process(sglang_server.pid)
    children = server.children()
    scheduler = next(child for child in children if "scheduler" in "".join(child.cmdline()))
    thread = Thread(target=starve)
    try:
        asyncio.run(watch())
    finally:
        starving.set()
        scheduler.resume()
