"""A jury of two judges at an HTTP endpoint, whose worker and coordinator are killed meanwhile."""

import json
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

import pytest
from kit.command import Rrmq
from kit.paid_votes import view
from kit.waiting import eventually

from rrm_queue.domain import JobId, JobState, Stop, Verdict, Vote, Voting
from rrm_queue.judging.voting import decide, wave
from rrm_queue.seeds import derive
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

MATCHES = 40
AT_ONCE = 20
"""Requests that are answered before the kill; the job needs at least 160."""

VOTING = Voting(6, judges=2, stop=Stop.DECIDED)
JUDGES = ("openai:strict", "openai:kind")


class Endpoint(ThreadingHTTPServer):
    """Two models, each of which prefers an answer by the request's seed and its own name.

    They keep all requests but the first ones until they may go on.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: Counter[tuple[str, int]] = Counter()
        self.lock = Lock()
        self.go_on = Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def requests(self) -> int:
        with self.lock:
            return self.asked.total()


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:  # the library's name
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        endpoint = self.server
        assert isinstance(endpoint, Endpoint)
        with endpoint.lock:
            endpoint.asked[asked["model"], asked["seed"]] += 1
            at_once = endpoint.asked.total() <= AT_ONCE
        if not at_once:
            endpoint.go_on.wait()
        words = f"\\boxed{{Assistant {preferred(asked['model'], asked['seed'])}}}"
        choice = {"message": {"role": "assistant", "content": words}, "finish_reason": "stop"}
        body = json.dumps({"model": asked["model"], "choices": [choice]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def preferred(model: str, seed: int) -> int:
    return derive(model, seed) % 2 + 1


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    server = Endpoint()
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.go_on.set()
    server.shutdown()
    server.server_close()
    thread.join()


def rows() -> bytes:
    """Prompts with two answers each; by the label the first is better."""
    lines = (
        {
            "id": f"t{number}",
            "prompt": f"Which? ({number})",
            "candidates": [
                {"id": "x", "text": f"It is {number}.", "generator": "a"},
                {"id": "y", "text": f"It was {number}.", "generator": "b"},
            ],
            "label": "x",
        }
        for number in range(MATCHES)
    )
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def test_it_loses_no_vote_and_counts_none_twice(
    rrmq_there: Rrmq, ended: list[subprocess.Popen[bytes]], database: Database, endpoint: Endpoint
) -> None:
    rrmq = Rrmq(rrmq_there.environment | {"RRMQ_OPENAI_BASE_URL": endpoint.url})
    judges = [word for judge in JUDGES for word in ("--judge", judge)]
    job = json.loads(
        rrmq.ok("submit", "-", *judges, "--votes", "3", "--strategy", "pairs", "--json",
                file=rows())
    )["job"]  # fmt: skip

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        ended.append(rrmq.start(*arguments))
        return ended[-1]

    coordinator = start("coordinator")
    worker = start("worker", "--judge", "jury", "--concurrency", "4")
    eventually(lambda: endpoint.requests > AT_ONCE, "the job is under way")
    worker.send_signal(signal.SIGKILL)
    coordinator.send_signal(signal.SIGKILL)
    before = endpoint.requests
    endpoint.go_on.set()
    start("coordinator")
    start("worker", "--judge", "jury", "--concurrency", "8")
    eventually(lambda: view(database, JobId(job)).state is JobState.SUCCEEDED, "it has succeeded")
    assert endpoint.requests > before, "there was work left to do"
    _check_votes(database)
    _check_views(rrmq, job)


def _check_votes(database: Database) -> None:
    """Each match has the votes that its judges need, and the winner that follows from them."""
    with database.begin() as tx:
        cast = tx.execute(
            text("""
                SELECT m.id, m.first, m.second, m.winner, v.number, v.verdict, v.swapped, v.seed,
                       v.model
                FROM matches m JOIN votes v ON v.match_id = m.id ORDER BY m.id, v.number
            """)
        ).all()
    matches: dict[int, list[Any]] = {}
    for row in cast:
        matches.setdefault(row.id, []).append(row)
        assert row.model == ("strict" if row.number <= 3 else "kind")
        assert row.verdict == ("first" if preferred(row.model, row.seed) == 1 else "second")
    assert len(matches) == MATCHES
    for held in matches.values():
        votes = [Vote(r.number, Verdict(r.verdict), r.swapped, seed=r.seed) for r in held]
        assert wave(votes, VOTING) == []
        winner = decide(votes, held[0].first, held[0].second, VOTING).winner
        assert winner == held[0].winner
    drawn = [held for held in matches.values() if held[0].winner is None]
    assert 0 < len(drawn) < MATCHES, "two judges with one voice each draw where they disagree"


def _check_views(rrmq: Rrmq, job: str) -> None:
    """Every view names the judge of a vote, and the diagnosis compares the judges."""
    (details,) = [json.loads(rrmq.ok("votes", job, "t0", "x", "y", "--json"))]
    assert {vote["judge"] for vote in details["cast"]} == set(JUDGES)
    assert "by openai:kind" in rrmq.ok("votes", job, "t0", "x", "y")
    exported = map(json.loads, rrmq.ok("export", job, "--as", "votes").splitlines())
    assert {(line["judge"], line["number"] > 3) for line in exported} == {
        (JUDGES[0], False),
        (JUDGES[1], True),
    }
    found = json.loads(rrmq.ok("diagnose", job, "--json"))
    (pair,) = found["jury"]["pairs"]
    assert (pair["one"], pair["other"], pair["agreement"]["n"]) == (*JUDGES, MATCHES)
    assert 0 < pair["agreement"]["estimate"] < 1
    assert abs(pair["kappa"]["estimate"]) < 0.6, "they decide by unrelated coins"
    assert [(one["judge"], one["accuracy"]["n"]) for one in found["jury"]["judges"]] == [
        (judge, MATCHES) for judge in JUDGES
    ]
    assert found["labels"][0]["accuracy"]["n"] == MATCHES
    assert "agreement of the judges" in rrmq.ok("diagnose", job)
