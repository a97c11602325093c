"""`rrmq serve` as a process: started, printed, streamed from, stopped, killed, started twice."""

import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest
from kit.command import Rrmq
from kit.waiting import PATIENCE

TOKEN = "explicit-token-0123456789"  # noqa: S105  # a test's own


class Server:
    """A process that serves; its address is what it printed."""

    def __init__(self, rrmq: Rrmq, *arguments: str) -> None:
        self.process = rrmq.start("serve", "--port", "0", *arguments)
        self.lines: list[str] = []
        self.url, self.token = self._address()
        headers = {"Authorization": f"Bearer {self.token or TOKEN}"}
        self.client = httpx2.Client(base_url=self.url, headers=headers, timeout=PATIENCE)

    def _address(self) -> tuple[str, str | None]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.decode())
            shown = r"rrmq serves at (http://127\.0\.0\.1:\d+/)(?:\?token=(\S+))?\n"
            if printed := re.fullmatch(shown, self.lines[-1]):
                return printed[1], printed[2]
        raise AssertionError("".join(self.lines))

    def end(self, request: signal.Signals) -> tuple[int, str]:
        """Its exit code after this signal, and the rest of what it printed."""
        self.process.send_signal(request)
        rest, _ = self.process.communicate(timeout=PATIENCE)
        self.client.close()
        return self.process.returncode, rest.decode()


@pytest.fixture
def served(rrmq_there: Rrmq, ended: list[subprocess.Popen[bytes]]) -> Iterator[Server]:
    """A server over real services that others run; its token is made."""
    server = Server(rrmq_there)
    ended.append(server.process)
    yield server
    server.client.close()


@pytest.mark.slow
def test_a_newcomer_submits_over_http_and_down_is_respected(
    rrmq: Rrmq, example: Path, ended: list[subprocess.Popen[bytes]]
) -> None:
    """One command starts all that is needed: the local stack judges what HTTP brings."""
    server = Server(rrmq)
    ended.append(server.process)
    made = server.client.post("v1/jobs?strategy=elo", content=example.read_bytes())
    assert made.status_code == 201, made.text
    job = made.json()["job"]
    with server.client.stream("GET", f"v1/jobs/{job}/events") as answer:
        told = [line for line in answer.iter_lines() if line.startswith(("event", "data"))]
    assert told[-2] == "event: end"
    assert json.loads(told[-1].removeprefix("data: "))["state"] == "succeeded"
    assert rrmq.ok("results", job, "--json") == server.client.get(f"v1/jobs/{job}/results").text
    rrmq.ok("down")
    answer = server.client.get("v1/jobs")
    assert answer.status_code == 503
    assert "`rrmq up` starts it again" in answer.json()["detail"]
    rrmq.ok("up")
    assert server.client.get(f"v1/jobs/{job}").json()["state"] == "succeeded"
    code, _ = server.end(signal.SIGTERM)
    assert code == 0


def test_the_token_is_kept_for_its_owner_only_and_never_logged(
    rrmq_there: Rrmq, served: Server, ended: list[subprocess.Popen[bytes]]
) -> None:
    kept = Path(rrmq_there.environment["RRMQ_HOME"], "api_token")
    assert kept.read_text() == served.token
    assert kept.stat().st_mode & 0o777 == 0o600
    again = Server(rrmq_there)
    ended.append(again.process)
    assert again.token == served.token
    assert again.url != served.url
    for server in (served, again):  # two servers at once over one store
        assert server.client.get("v1/jobs").status_code == 200
        server.client.get(f"?token={server.token}")
    for server in (served, again):
        code, printed = server.end(signal.SIGTERM)
        assert code == 0
        assert "GET /v1/jobs 200" in printed
        assert str(server.token) not in printed


def test_sigterm_ends_an_open_stream_and_the_process_within_seconds(
    rrmq_there: Rrmq, served: Server, example: Path
) -> None:
    made = served.client.post("v1/jobs", content=example.read_bytes())
    job = made.json()["job"]
    with served.client.stream("GET", f"v1/jobs/{job}/events") as answer:
        stream = answer.iter_lines()
        assert next(stream) == "retry: 2000"
        served.process.send_signal(signal.SIGTERM)
        rest = list(stream)  # it ends, and is not cut off
    assert "event: status" in rest
    printed, _ = served.process.communicate(timeout=30)
    assert served.process.returncode == 0
    assert b"Traceback" not in printed
    assert rrmq_there.ok("status", job, "--json")


def test_ctrl_c_ends_it_without_a_traceback(served: Server) -> None:
    code, printed = served.end(signal.SIGINT)
    assert code == 0
    assert "Traceback" not in printed


def test_a_server_that_was_killed_is_started_again_and_knows_its_jobs(
    rrmq_there: Rrmq, served: Server, example: Path, ended: list[subprocess.Popen[bytes]]
) -> None:
    job = served.client.post("v1/jobs", content=example.read_bytes()).json()["job"]
    served.end(signal.SIGKILL)
    again = Server(rrmq_there)
    ended.append(again.process)
    assert again.token == served.token
    assert again.client.get(f"v1/jobs/{job}").json()["job"] == job
    repeated = again.client.post("v1/jobs", content=example.read_bytes())
    assert (repeated.status_code, repeated.json()["job"]) == (200, job)
    again.end(signal.SIGTERM)


def test_a_port_in_use_is_one_line(rrmq_there: Rrmq) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        done = rrmq_there("serve", "--port", str(port))
    assert done.returncode == 2
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line == f"rrmq: cannot listen on 127.0.0.1 port {port}: Address already in use"


def test_tokens_that_were_chosen_are_not_printed(
    rrmq_there: Rrmq, ended: list[subprocess.Popen[bytes]]
) -> None:
    environment = rrmq_there.environment | {"RRMQ_API_TOKENS": f"other, {TOKEN}"}
    server = Server(Rrmq(environment), "--allow-host", "judge.example")
    ended.append(server.process)
    assert server.token is None
    assert server.client.get("v1/jobs").status_code == 200
    named = server.client.get("v1/jobs", headers={"Host": "judge.example"})
    assert named.status_code == 200
    assert server.client.get("v1/jobs", headers={"Host": "evil.example"}).status_code == 421
    assert not Path(environment["RRMQ_HOME"], "api_token").exists()
    code, printed = server.end(signal.SIGTERM)
    assert code == 0
    assert TOKEN not in printed
