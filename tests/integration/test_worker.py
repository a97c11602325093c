"""The worker's batches, leases and endings, on a real Valkey and a judge that can wait."""

import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest
from kit.waiting import PATIENCE, eventually
from msgspec import structs
from prometheus_client import generate_latest
from rrm_worker import worker as worker_module
from rrm_worker.metrics import Metrics
from rrm_worker.running_batch import Ending
from rrm_worker.worker import Worker

from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.leases import WorkerLeases, capacity_key, lease_key, workers_key
from rrm_queue.domain import BatchId, JobId, JudgeSpec, Voting
from rrm_queue.errors import BrokerUnavailable, UsageFault
from rrm_queue.judging.batch_runner import BatchRunner
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.local.stack import Addresses
from rrm_queue.messages import (
    BROKEN,
    OVER,
    RETURNED,
    Answer,
    BatchMatch,
    JudgeBatch,
    Outcomes,
    Question,
    SharedMessage,
    encode,
)

QUEUE = "rrmq.judge.openai"
HELD = (JobId("job"), BatchId(7))
FAST, SLOW = 0, 1
"""Candidates: a match with the slow one in slot 1 is answered only once the endpoint lets go."""


@pytest.fixture
def endpoint() -> Iterator["Endpoint"]:
    server = Endpoint()
    thread = Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    yield server
    server.answer_now.set()
    server.shutdown()
    thread.join()
    server.server_close()


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


@pytest.fixture
def house(
    broker: BrokerClient, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    monkeypatch.setattr(worker_module, "RENEW_SECONDS", 0.05)
    monkeypatch.setattr(worker_module, "RELEASE_SECONDS", PATIENCE)
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
    yield house
    broker_up.set()
    endpoint.answer_now.set()
    house.threads.shutdown()
    worker.stop()


def test_a_batch_is_judged_and_its_lease_says_that_it_is_over(house: House) -> None:
    assert house.take(house.batch(False, False)).result(PATIENCE)
    assert sorted(house.decided()) == [0, 1]
    assert house.lease() == OVER


def test_there_is_no_room_while_the_engine_is_not_ready(house: House) -> None:
    assert house.worker.has_room(0)
    house.ready.clear()
    assert not house.worker.has_room(0), "a message that nobody can judge here is another's"


def test_there_is_room_until_there_is_a_match_for_each_place(house: House) -> None:
    """Whatever could be held of another judge's matches."""
    for number in range(1, 5):
        assert house.worker.has_room(number - 1)
        house.take(house.batch(True, True, number=number))
        house.until_held(2 * number)
    assert not house.worker.has_room(4)
    house.endpoint.answer_now.set()
    eventually(lambda: house.worker.has_room(0), "there is room again")


def test_a_batch_that_another_holds_is_dropped(house: House) -> None:
    assert WorkerLeases(house.broker.client, "other").take("job", 7)
    assert house.take(house.batch(False)).result(PATIENCE)
    assert house.decided() == []
    assert house.lease() == "other"


def test_a_batch_that_comes_twice_is_judged_once(house: House) -> None:
    first = house.take(house.batch(True))
    assert house.endpoint.kept.wait(PATIENCE)
    house.broker.client.delete(lease_key("job", 7))  # a lapse makes no difference
    assert house.take(house.batch(True)).result(PATIENCE)
    house.endpoint.answer_now.set()
    assert first.result(PATIENCE)
    assert house.decided() == [0]


def test_a_lease_is_renewed_and_taken_again_when_it_lapsed_unseen(house: House) -> None:
    taken = house.take(house.batch(True))
    assert house.endpoint.kept.wait(PATIENCE)
    house.broker.client.delete(lease_key("job", 7))
    eventually(lambda: house.lease() == "me", "the lease is taken again")
    house.endpoint.answer_now.set()
    assert taken.result(PATIENCE)


def test_a_batch_that_was_given_up_meanwhile_is_stopped(house: House) -> None:
    taken = house.take(house.batch(False, True))
    house.until_one_is_left()
    house.broker.give_up([(JobId("job"), BatchId(7))])
    assert taken.result(PATIENCE)
    assert house.lease() == OVER
    assert house.decided() == [0]


def test_a_stopped_jobs_batch_goes_back_with_what_is_decided(house: House) -> None:
    taken = house.take(house.batch(False, True))
    house.until_one_is_left()
    house.broker.stop({JobId("job")})
    assert taken.result(PATIENCE)
    assert house.decided() == [0]
    assert house.lease() == RETURNED


def test_a_stopped_jobs_batch_is_not_begun(house: House) -> None:
    house.broker.stop({JobId("job")})
    assert house.take(house.batch(False)).result(PATIENCE)
    assert house.decided() == []
    assert house.lease() == RETURNED


@pytest.mark.parametrize(("ending", "mark"), [(Ending.RETURNED, RETURNED), (Ending.BROKEN, BROKEN)])
def test_handing_back_sends_what_is_decided_before_the_lease_says_so(
    house: House, ending: Ending, mark: str
) -> None:
    house.broker_up.clear()
    taken = house.take(house.batch(False, True))
    house.until_one_is_left()
    house.worker.release(ending)
    assert house.lease() == "me", "outcomes are still on their way"
    house.broker_up.set()
    assert taken.result(PATIENCE)
    assert house.decided() == [0]
    assert house.lease() == mark


def failures(house: House) -> dict[int, tuple[bool, bool]]:
    """Of each match sent that failed: whether it may be tried again, and whether that counts."""
    reports = [match for outcomes in house.sent for match in outcomes.matches]
    return {r.match: (r.failure.transient, not r.failure.wait) for r in reports if r.failure}


def test_a_broken_engine_costs_an_attempt_only_what_it_computed(house: House) -> None:
    taken = house.take(house.batch(*[True] * 8))  # the endpoint is asked for 8 at once
    house.until_all_asked()
    waiting = house.take(house.batch(*[True] * 4, number=8))
    house.until_held(12)
    house.worker.release(Ending.BROKEN)
    assert taken.result(PATIENCE)
    assert waiting.result(PATIENCE)
    assert failures(house) == dict.fromkeys(range(4), (True, False))
    assert {outcomes.batch for outcomes in house.sent} == {8}
    assert house.lease() == BROKEN, "the others count when the batch is given up"


def test_a_hung_engine_costs_nothing_what_was_in_its_own_queue(house: House) -> None:
    taken = house.take(house.batch(*[True] * 8))
    house.until_all_asked()
    house.worker.release(Ending.BROKEN, waiting=5)
    assert taken.result(PATIENCE)
    assert list(failures(house).values()) == [(True, False)] * 5


def test_nothing_is_taken_while_the_engine_is_down(house: House) -> None:
    house.ready.clear()
    eventually(lambda: house.broker.capacities(QUEUE) == {}, "it has left the roll")
    taken = house.take(house.batch(False))
    assert house.lease() is None
    house.ready.set()
    assert taken.result(PATIENCE)
    eventually(lambda: house.broker.capacities(QUEUE) == {"me": 8}, "it is on the roll")


def test_a_batch_that_waits_for_the_engine_is_anothers_when_the_worker_stops(house: House) -> None:
    house.ready.clear()
    taken = house.take(house.batch(False))
    house.worker.drain(10)
    assert not taken.result(PATIENCE)
    assert house.lease() is None


def test_draining_lets_a_batch_finish_in_time(house: House) -> None:
    taken = house.take(house.batch(True))
    assert house.endpoint.kept.wait(PATIENCE)
    drained = house.threads.submit(house.worker.drain, PATIENCE)
    eventually(lambda: house.broker.client.zcard(workers_key(QUEUE)) == 0, "it left the roll")
    refused = house.take(house.batch(False, number=8))
    assert not refused.result(PATIENCE), "nothing is taken any more"
    house.endpoint.answer_now.set()
    drained.result(PATIENCE)
    assert taken.result(PATIENCE)
    assert house.decided() == [0]
    assert house.lease() == OVER
    assert house.broker.client.hlen(capacity_key(QUEUE)) == 0


def test_draining_hands_back_what_is_not_judged_in_time(house: House) -> None:
    taken = house.take(house.batch(False, True))
    house.until_one_is_left()
    house.worker.drain(0.1)
    assert taken.result(PATIENCE)
    assert house.lease() == RETURNED
    assert house.decided() == [0]


def test_draining_ends_though_no_broker_takes_the_outcomes(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "RELEASE_SECONDS", 0.5)
    house.broker_up.clear()
    taken = house.take(house.batch(False))
    line = 'rrmq_votes_total{judge="openai:m",verdict="first"} 1.0'
    eventually(lambda: house.metric(line), "a vote is counted")
    with caplog.at_level(logging.ERROR):
        house.worker.drain(0.1)
        assert taken.result(PATIENCE)
    assert "outcomes could not be sent" in caplog.text


def test_metrics_count_votes_and_tokens(house: House) -> None:
    assert house.take(house.batch(False, False)).result(PATIENCE)
    for line in (
        'rrmq_votes_total{judge="openai:m",verdict="first"} 2.0',
        'rrmq_tokens_total{kind="prompt"} 20.0',
        'rrmq_tokens_total{kind="cached"} 8.0',
        'rrmq_tokens_total{kind="completion"} 10.0',
        "rrmq_batch_seconds_count 1.0",
        "rrmq_batches_held 0.0",
        "rrmq_requests_in_flight 0.0",
        "rrmq_matches_held 0.0",
    ):
        assert house.metric(line), line


def test_sigterm_hands_back_what_is_held_and_leaves_the_rest_in_the_queue(
    house: House, servers: Addresses
) -> None:
    environment = os.environ | {"RRMQ_BROKER_URL": servers.broker_url}
    argv = [sys.executable, "-m", "rrm_queue.cli.main", "worker", "--judge", "openai"]
    process = subprocess.Popen([*argv, "--grace", "3.5", "--concurrency", "8"], env=environment)
    try:
        house.broker.publish(QUEUE, [house.batch(True, number=number) for number in range(1, 13)])
        held = range(1, 9)  # no more than it has places for: the rest is for others
        eventually(lambda: all(house.lease(number) for number in held), "all are held")
        process.terminate()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
    assert {house.lease(number) for number in held} == {RETURNED}
    assert house.broker.waiting(QUEUE) == 4
    assert list(house.broker.capacities(QUEUE)) == ["me"], "it has left the roll"


def test_a_metrics_port_in_use_is_said() -> None:
    metrics = Metrics()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageFault, match="Address already in use"):
            metrics.serve("127.0.0.1", taken.getsockname()[1])


def test_batches_that_share_a_message_end_each_by_itself(house: House) -> None:
    """One is judged, one is over already, and the job of one is cancelled while it is judged."""
    judged, over, cancelled = (
        structs.replace(house.batch(slow, number=number), job=job)
        for number, slow, job in ((1, False, "a"), (2, False, "b"), (3, True, "c"))
    )
    house.broker.give_up([(JobId("b"), BatchId(2))])
    message = encode(SharedMessage([judged, over, cancelled]))
    taken = house.threads.submit(house.worker.take, message)
    assert house.endpoint.kept.wait(PATIENCE)
    eventually(lambda: [outcomes.job for outcomes in house.sent] == ["a"], "one is judged")
    house.broker.stop([JobId("c")])
    assert taken.result(PATIENCE)
    held = [(JobId(job), BatchId(number)) for number, job in enumerate("abc", start=1)]
    names = {batch: holder and holder.name for batch, holder in house.broker.holders(held).items()}
    assert names == {1: OVER, 2: OVER, 3: RETURNED}
    assert house.worker.has_room(0)


def test_a_worker_returns_what_it_has_no_room_for(house: House) -> None:
    """It keeps as many as it has places, the first ones, and reports the others unjudged."""
    taken = house.take(house.batch(*[True] * 12))
    eventually(lambda: house.decided() == [8, 9, 10, 11], "the last four are returned")
    assert all(not report.votes and not report.failure for report in house.sent[0].matches)
    second = house.take(house.batch(*[True] * 6, number=8))
    eventually(lambda: len(house.decided()) == 6, "two more are returned")
    house.endpoint.answer_now.set()
    assert taken.result(PATIENCE)
    assert second.result(PATIENCE)
    judged = [r.match for o in house.sent for r in o.matches if r.votes and o.batch == 7]
    assert sorted(judged) == list(range(8))
    assert house.lease() == OVER
