"""A local stack that is stopped, or loses its home, while it works."""

import json
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread

import pytest
from kit.command import Rrmq, without_settings
from kit.homes import remove
from kit.local_stacks import until_guarded
from kit.processes import lives
from kit.waiting import PATIENCE, eventually

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


AT_ONCE = 3
"""Requests that the judge answers at once, so that some matches are judged."""


class Judge(ThreadingHTTPServer):
    """A judge that answers the first requests at once, and keeps all others until it may go on."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked = 0
        self.lock = Lock()
        self.kept = Event()
        self.go_on = Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def wait(self) -> None:
        """Returns when a request may be answered."""
        with self.lock:
            self.asked += 1
            at_once = self.asked <= AT_ONCE
        if not at_once:
            self.kept.set()
            self.go_on.wait()


class _Answer(BaseHTTPRequestHandler):
    server: Judge

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.wait()
        body = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def judge() -> Iterator[Judge]:
    server = Judge()
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.go_on.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def rrmq(judge: Judge) -> Iterator[Rrmq]:
    """The command over a new local stack, with the slow judge."""
    home = tempfile.mkdtemp(prefix="rrmq-test-")
    settings = {"RRMQ_HOME": home, "RRMQ_OPENAI_BASE_URL": judge.url, "RRMQ_CONCURRENCY": "8"}
    command = Rrmq(without_settings() | settings)
    try:
        yield command
    finally:
        judge.go_on.set()
        command("down")
        remove(Path(home))


def submitted(rrmq: Rrmq, judge: Judge, tournaments: int = 50) -> str:
    """A job of which some matches are judged, and whose worker waits for the judge."""
    rows = [{"prompt": f"Which? ({n})", "candidates": ["a", "b", "c"]} for n in range(tournaments)]
    file = "".join(json.dumps(row) + "\n" for row in rows).encode()
    job = json.loads(rrmq.ok("submit", "-", "--judge", "openai:slow", "--json", file=file))["job"]
    assert isinstance(job, str)
    eventually(
        lambda: json.loads(rrmq.ok("status", job, "--json"))["matches"]["done"], "a match is judged"
    )
    assert judge.kept.wait(PATIENCE)
    return job


def down_that_waits(rrmq: Rrmq, worker: int) -> subprocess.Popen[bytes]:
    """A running `down` that has said that it waits for the worker, whose judge keeps a request."""
    down = subprocess.Popen(
        rrmq.argv("down"), env=rrmq.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert down.stderr is not None
    # A watch may have the lock for a moment. Then `down` says before that it waits for that.
    said = iter(down.stderr.readline, b"")
    assert any(b"waiting for the worker (pid %d) to end" % worker in line for line in said)
    return down


def processes(rrmq: Rrmq) -> dict[str, int]:
    """The living processes of the stack."""
    run = Path(rrmq.environment["RRMQ_HOME"], "run")
    found = {name: run / f"{name}.lock" for name in NAMES}
    return {name: int(text) for name, lock in found.items() if (text := lock.read_text())}


def test_what_down_stopped_stays_down_and_the_watch_ends(
    rrmq: Rrmq, judge: Judge, ended: list[subprocess.Popen[bytes]]
) -> None:
    job = submitted(rrmq, judge)
    running = processes(rrmq)
    assert set(running) == set(NAMES)
    watch = rrmq.start("status", job, "--watch")
    ended.append(watch)
    assert watch.stdout is not None
    watch.stdout.readline()
    down = down_that_waits(rrmq, running["worker"])
    ended.append(down)
    judge.go_on.set()
    said, _ = down.communicate(timeout=PATIENCE)
    assert down.returncode == 0
    assert said == b"stopped worker, coordinator, valkey, postgres\n"
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
    rrmq: Rrmq, judge: Judge, ended: list[subprocess.Popen[bytes]]
) -> None:
    submitted(rrmq, judge)
    running = processes(rrmq)
    down = down_that_waits(rrmq, running["worker"])
    ended.append(down)
    down.send_signal(signal.SIGINT)
    assert down.wait(10) == exit_codes.INTERRUPTED
    assert down.stdout is not None
    assert down.stderr is not None
    assert down.stdout.read() == b""
    assert down.stderr.read() == b"not all is stopped yet: `rrmq down` stops the rest\n"
    assert lives(running["postgres"])
    judge.go_on.set()
    rrmq.ok("down")
    assert not any(lives(pid) for pid in running.values())


def without_its_home(rrmq: Rrmq, judge: Judge) -> dict[str, int]:
    """The processes of a stack whose home is removed while the worker waits for the judge."""
    submitted(rrmq, judge)
    running = processes(rrmq)
    home = Path(rrmq.environment["RRMQ_HOME"])
    until_guarded(home)
    remove(home)
    judge.go_on.set()
    return running


def test_the_stack_of_a_removed_home_ends_and_a_new_one_is_left_alone(
    rrmq: Rrmq, judge: Judge
) -> None:
    running = without_its_home(rrmq, judge)
    rrmq.ok("up")
    new = processes(rrmq)
    eventually(lambda: not any(lives(pid) for pid in running.values()), "all have ended", 60)
    rrmq.ok("doctor")
    assert processes(rrmq) == new


def test_the_stack_of_a_removed_home_ends_by_itself(rrmq: Rrmq, judge: Judge) -> None:
    running = without_its_home(rrmq, judge)
    eventually(lambda: not any(lives(pid) for pid in running.values()), "all have ended", 60)
