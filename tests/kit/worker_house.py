"""A worker with its threads in the process of a test, and a judge that answers when it may."""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from prometheus_client import generate_latest
from rrm_worker.metrics import Metrics
from rrm_worker.worker import Worker

from kit.waiting import PATIENCE, eventually
from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.leases import WorkerLeases
from rrm_queue.domain import BatchId, JobId, JudgeSpec, Voting
from rrm_queue.errors import BrokerUnavailable
from rrm_queue.judging.batch_runner import BatchRunner
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.messages import Answer, BatchMatch, JudgeBatch, Outcomes, Question, encode

QUEUE = "rrmq.judge.openai"
HELD = (JobId("job"), BatchId(7))
FAST, SLOW = 0, 1
"""Candidates: a match with the slow one in slot 1 is answered only once the endpoint lets go."""


class Endpoint(ThreadingHTTPServer):
    """An OpenAI-compatible endpoint that keeps a slow answer's votes until it lets go."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer_now = Event()
        self.kept = Event()

    @property
    def judge(self) -> JudgeSpec:
        return JudgeSpec("openai", "m", base_url=f"http://127.0.0.1:{self.server_port}/v1")


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["content-length"])).decode()
        if "slow" in asked:
            self.server.kept.set()
            self.server.answer_now.wait()
        message = {"role": "assistant", "content": "\\boxed{Assistant 1}"}
        usage = {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "prompt_tokens_details": {"cached_tokens": 4},
        }
        choice = {"message": message, "finish_reason": "stop"}
        body = json.dumps({"model": "m", "choices": [choice], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


@dataclass
class House:
    """A worker with its threads, and what it has sent."""

    broker: BrokerClient
    endpoint: Endpoint
    worker: Worker
    ready: Event
    metrics: Metrics
    sent: list[Outcomes]
    broker_up: Event
    runner: BatchRunner
    threads: ThreadPoolExecutor = field(default_factory=ThreadPoolExecutor)

    def take(self, batch: JudgeBatch) -> "Future[bool]":
        return self.threads.submit(self.worker.take, encode(batch))

    def batch(self, *slow: bool, number: int = 7) -> JudgeBatch:
        matches = [BatchMatch(m, SLOW if s else FAST, 2) for m, s in enumerate(slow)]
        answers = [Answer(FAST, "a", "quick"), Answer(SLOW, "b", "slow"), Answer(2, "c", "other")]
        judge = self.endpoint.judge
        questions = [Question("t", "Which?", None, answers)]
        return JudgeBatch(number, "job", judge, questions, matches, Voting(), seed=1)

    def lease(self, number: int = 7) -> str | None:
        holder = self.broker.holders([(JobId("job"), BatchId(number))])[BatchId(number)]
        return holder and holder.name

    def decided(self) -> list[int]:
        return [match.match for outcomes in self.sent for match in outcomes.matches]

    def until_held(self, matches: int) -> None:
        """Returns once so many matches are held and not decided."""
        line = f"rrmq_matches_held {matches}.0"
        eventually(lambda: self.metric(line), line)

    def until_one_is_left(self) -> None:
        """Returns once the endpoint keeps a match, and all others are decided."""
        assert self.endpoint.kept.wait(PATIENCE)
        self.until_held(1)

    def until_all_asked(self) -> None:
        """Returns once the endpoint computes as many matches of the batch as it may at once."""
        computed = self.runner.computed
        eventually(lambda: len(computed(None).get(HELD, set())) == 8, "eight are computed")

    def metric(self, line: str) -> bool:
        return line in generate_latest(self.metrics.registry).decode().splitlines()


@contextmanager
def slow_endpoint() -> Iterator[Endpoint]:
    """An endpoint that answers all at the end."""
    server = Endpoint()
    thread = Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield server
    finally:
        server.answer_now.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def open_house(broker: BrokerClient, endpoint: Endpoint) -> Iterator[House]:
    """A worker that has begun; it is stopped at the end."""
    ready, broker_up, sent = Event(), Event(), list[Outcomes]()
    ready.set()
    broker_up.set()

    def send(*outcomes: Outcomes) -> None:
        if not broker_up.is_set():
            raise BrokerUnavailable("away")
        sent.extend(outcomes)

    metrics = Metrics()
    runner = BatchRunner(EngineSettings(), concurrency=8)
    worker = Worker(
        runner,
        WorkerLeases(broker.client, "me"),
        send,
        {QUEUE: 8, "rrmq.judge.reference": 1024},
        ready=ready,
        metrics=metrics,
    )
    worker.start()
    house = House(broker, endpoint, worker, ready, metrics, sent, broker_up, runner)
    try:
        yield house
    finally:
        broker_up.set()
        endpoint.answer_now.set()
        house.threads.shutdown()
        worker.stop()
