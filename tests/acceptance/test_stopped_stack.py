"""A local stack that is stopped, or loses its home, while it works."""

import json
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from kit.command import Rrmq, without_settings
from kit.homes import remove
from kit.processes import lives
from kit.waiting import eventually

from rrm_queue.cli import exit_codes

NAMES = ("coordinator", "worker", "valkey", "postgres", "guard")
ANSWER = {
    "model": "slow",
    "choices": [
        {
            "message": {"role": "assistant", "content": "So \\boxed{Assistant 1}."},
            "finish_reason": "stop",
        }
    ],
}


class Slow(BaseHTTPRequestHandler):
    """Answers every request after some seconds."""

    seconds = 2.0
    begun: ClassVar[list[float]] = []
    """How long each request takes that has come."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.begun.append(takes := self.seconds)
        time.sleep(takes)
        body = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The base URL of a slow judge."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


@pytest.fixture
def rrmq(url: str) -> Iterator[Rrmq]:
    """The command over a new local stack, with the slow judge."""
    home = tempfile.mkdtemp(prefix="rrmq-test-")
    settings = {"RRMQ_HOME": home, "RRMQ_OPENAI_BASE_URL": url, "RRMQ_CONCURRENCY": "8"}
    command = Rrmq(without_settings() | settings)
    try:
        yield command
    finally:
        command("down")
        remove(Path(home))


def submitted(rrmq: Rrmq, tournaments: int = 50) -> str:
    """A job at the slow judge of which some matches are judged."""
    rows = [{"prompt": f"Which? ({n})", "candidates": ["a", "b", "c"]} for n in range(tournaments)]
    file = "".join(json.dumps(row) + "\n" for row in rows).encode()
    job = json.loads(rrmq.ok("submit", "-", "--judge", "openai:slow", "--json", file=file))["job"]
    assert isinstance(job, str)
    eventually(
        lambda: json.loads(rrmq.ok("status", job, "--json"))["matches"]["done"], "a match is judged"
    )
    return job


@contextmanager
def waited_for() -> Iterator[None]:
    """The worker is in the midst of a request that takes far longer than a `down` that says so."""
    Slow.seconds = 10.0
    try:
        eventually(lambda: Slow.seconds in Slow.begun, "a long request has begun")
        yield
    finally:
        Slow.seconds = 2.0
        Slow.begun.clear()


def processes(rrmq: Rrmq) -> dict[str, int]:
    """The living processes of the stack."""
    run = Path(rrmq.environment["RRMQ_HOME"], "run")
    found = {name: run / f"{name}.lock" for name in NAMES}
    return {name: int(text) for name, lock in found.items() if (text := lock.read_text())}


def test_what_down_stopped_stays_down_and_the_watch_ends(
    rrmq: Rrmq, ended: list[subprocess.Popen[bytes]]
) -> None:
    job = submitted(rrmq)
    running = processes(rrmq)
    assert set(running) == set(NAMES)
    watch = rrmq.start("status", job, "--watch")
    ended.append(watch)
    assert watch.stdout is not None
    watch.stdout.readline()
    with waited_for():
        down = rrmq("down")
    assert down.returncode == 0
    assert f"waiting for the worker (pid {running['worker']}) to end" in down.stderr
    assert down.stdout == "stopped worker, coordinator, valkey, postgres\n"
    assert watch.wait(30) == exit_codes.STOPPED
    last = watch.stdout.read().decode().splitlines()[-1]
    assert last.startswith("rrmq: The local stack was stopped: by `rrmq down` at ")
    assert last.endswith(f"and `rrmq status {job} --watch` goes on with job {job}")
    time.sleep(6)  # a watch looks after the stack every five seconds
    assert not any(lives(pid) for pid in running.values())
    assert rrmq("doctor").returncode == 1, "nothing may have started it again"
    status = json.loads(rrmq.ok("status", job, "--watch", "--json"))
    assert (status["state"], status["votes"]) == ("succeeded", 100)


def test_an_interrupted_down_says_so_and_the_next_one_ends_the_rest(
    rrmq: Rrmq, ended: list[subprocess.Popen[bytes]]
) -> None:
    submitted(rrmq)
    running = processes(rrmq)
    with waited_for():
        down = rrmq.start("down")
        ended.append(down)
        assert down.stdout is not None
        assert b"waiting for the worker" in down.stdout.readline()
    down.send_signal(signal.SIGINT)
    assert down.wait(10) == exit_codes.INTERRUPTED
    assert down.stdout.read() == b"not all is stopped yet: `rrmq down` stops the rest\n"
    assert lives(running["postgres"])
    rrmq.ok("down")
    assert not any(lives(pid) for pid in running.values())


def test_the_stack_of_a_removed_home_ends_and_a_new_one_is_left_alone(rrmq: Rrmq) -> None:
    submitted(rrmq)
    running = processes(rrmq)
    remove(Path(rrmq.environment["RRMQ_HOME"]))
    rrmq.ok("up")
    new = processes(rrmq)
    eventually(lambda: not any(lives(pid) for pid in running.values()), "all have ended", 60)
    rrmq.ok("doctor")
    assert processes(rrmq) == new


def test_the_stack_of_a_removed_home_ends_by_itself(rrmq: Rrmq) -> None:
    submitted(rrmq)
    running = processes(rrmq)
    remove(Path(rrmq.environment["RRMQ_HOME"]))
    eventually(lambda: not any(lives(pid) for pid in running.values()), "all have ended", 60)
