"""Passwords and keys stand in no log, error, command line, file, row or message, whatever fails."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import IO, Any
from urllib.parse import quote

import psutil
import pytest
from kit.command import Rrmq, without_settings
from kit.secure_servers import BROKER_USER, PASSWORD, SecureServers, secure_servers
from kit.waiting import PATIENCE, eventually

from rrm_queue.local.stack import Addresses
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

KEY = "sk-test-d15t1nct1ve/0123456789"
BEGINNINGS = ("s3cr:et", "s3cr%3A", "sk-test")
SECRETS = tuple(
    form.encode()
    for secret in (PASSWORD, KEY, *BEGINNINGS)
    for form in (secret, quote(secret), quote(secret, safe=""), secret.replace("/", "\\/"))
)
"""In every spelling, and the beginnings that a careless cut would leave."""

FILE = b'{"id": "t", "prompt": "p", "candidates": ["a", "b"], "reference": "a"}\n'


class Echo(BaseHTTPRequestHandler):
    """An endpoint that repeats the key that it was given, in the way that the model's name says."""

    def do_POST(self) -> None:
        model = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["model"]
        key = self.headers["Authorization"]
        self.server.asked.append((model, key))  # type: ignore[attr-defined]
        if model == "bad-status-line":
            self.wfile.write(f"HTTP/1.1 {key} {key}\r\n\r\n".encode())
            return
        if model == "bad-header":
            self.wfile.write(f"HTTP/1.1 200 OK\r\n{key}\r\n\r\n".encode())
            return
        status, body = self._answer(model, key)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self, model: str, key: str) -> tuple[int, bytes]:
        match model:
            case "refuses":
                return 401, json.dumps({"error": {"message": f"Incorrect API key: {key}"}}).encode()
            case "cut":
                return 400, ("x" * 280 + key).encode()
            case "breaks":
                return 500, key.encode()
            case "no-completion":
                return 200, json.dumps({"choices": [], "headers": key}).encode()
            case _:
                content = f"{key} \\boxed{{Assistant 1}}"
                choice = {"message": {"content": content}, "finish_reason": "stop"}
                body = json.dumps({"model": key, "choices": [choice]})
                return 200, body.replace("/", "\\/").encode()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base's name
        pass


AT_ONCE = ("refuses", "cut", "speaks")
AGAIN_AND_AGAIN = ("breaks", "no-completion", "bad-status-line", "bad-header")


@pytest.fixture(scope="module")
def echo() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.asked = []  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def endpoint_settings(echo: ThreadingHTTPServer) -> dict[str, str]:
    base_url = f"http://127.0.0.1:{echo.server_port}/v1"
    return {"RRMQ_OPENAI_API_KEY": KEY, "RRMQ_OPENAI_BASE_URL": base_url}


def leaks(content: bytes) -> list[str]:
    """The lines that hold a secret."""
    return [
        line.decode(errors="replace")
        for line in content.splitlines()
        if any(secret in line for secret in SECRETS)
    ]


def command_lines() -> bytes:
    """What `ps` shows of every process on the machine."""
    lines = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return "\n".join(" ".join(line) for line in lines).encode()


def rows(url: str) -> bytes:
    """Every row of every table, as text."""
    with Database(url).connect_alone() as tx:
        tables = tx.scalars(
            text("SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public'")
        ).all()
        assert "jobs" in tables
        found = [row for t in tables for row in tx.scalars(text(f"SELECT t::text FROM {t} t"))]  # noqa: S608
    return "\n".join(found).encode()


@contextmanager
def running(command: Rrmq, folder: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """A coordinator and a worker that log into `folder`."""
    with (folder / "coordinator.log").open("wb") as one, (folder / "worker.log").open("wb") as two:
        processes = {
            "coordinator": _start(command, "coordinator", one),
            "worker": _start(command, "worker", two, "--grace", "5"),
        }
        try:
            yield processes
        finally:
            for process in processes.values():
                process.kill()
                process.wait()


def _start(command: Rrmq, verb: str, out: IO[bytes], *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command.argv(verb, *more), env=command.environment, stdout=out, stderr=out
    )


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureServers]:
    with secure_servers(tmp_path_factory.mktemp("secrets")) as servers:
        yield servers


@dataclass
class Listener:
    """Runs commands and keeps all that they say."""

    environment: dict[str, str]
    said: list[str] = field(default_factory=list)

    def __call__(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        done = Rrmq(self.environment | changes)(*arguments, file=FILE)
        self.said += [done.stdout, done.stderr]
        return done


def ask_where_nothing_is(run: Listener, secure: SecureServers) -> None:
    """Every kind of command with an address that does not answer, or that is none."""
    away = {
        "RRMQ_DATABASE_URL": secure.database_url().replace(f":{secure.postgres}/", ":9/"),
        "RRMQ_BROKER_URL": secure.broker_url().replace(f":{secure.valkey}/", ":9/"),
    }
    none = {
        "RRMQ_DATABASE_URL": f"postgresql://me:{PASSWORD}@host/db",
        "RRMQ_BROKER_URL": f"rediss://:{PASSWORD}@host/0",
        "RRMQ_OPENAI_BASE_URL": f"https://me:{KEY}@host:x/v1",
    }
    for name, value in [*away.items(), *none.items()]:
        for arguments in (("submit", "-", "--judge", "openai:x"), ("doctor",)):
            run(*arguments, **{name: value})
    for verb in ("coordinator", "worker"):
        assert run(verb, RRMQ_BROKER_URL=none["RRMQ_BROKER_URL"]).returncode == 2
    assert run("worker", RRMQ_BROKER_URL=away["RRMQ_BROKER_URL"]).returncode == 1


def judge_by_echoes(run: Listener, echo: ThreadingHTTPServer) -> None:
    """A job for each way to repeat the key, until the endpoint has done so, and all its views."""
    jobs = {
        model: json.loads(run("submit", "-", "--judge", f"openai:{model}", "--json").stdout)["job"]
        for model in (*AT_ONCE, *AGAIN_AND_AGAIN)
    }
    asked = echo.asked  # type: ignore[attr-defined]
    eventually(lambda: set(jobs) <= {model for model, _ in asked}, "each is asked")
    assert all(KEY in key for _, key in asked), "the endpoint had it to repeat"
    eventually(
        lambda: run("results", jobs["speaks"], "--csv").stdout.count("\n") > 1, "one is judged"
    )
    for job in jobs.values():
        for verb in ("status", "results"):
            run(verb, job)


def test_no_secret_is_written_anywhere_whatever_fails(
    secure: SecureServers, echo: ThreadingHTTPServer, tmp_path: Path
) -> None:
    run = Listener(
        without_settings()
        | endpoint_settings(echo)
        | {
            "RRMQ_DATABASE_URL": secure.database_url(),
            "RRMQ_BROKER_URL": secure.broker_url(user=BROKER_USER),
            "RRMQ_HOME": str(tmp_path / "home"),
            "RRMQ_LOG_LEVEL": "DEBUG",
        }
    )
    assert run("db", "upgrade").returncode == 0
    ask_where_nothing_is(run, secure)
    logs = [tmp_path / "coordinator.log", tmp_path / "worker.log"]
    with running(Rrmq(run.environment), tmp_path) as processes:
        judge_by_echoes(run, echo)
        assert not leaks(command_lines())
        assert not leaks(rows(secure.stack.addresses.database_url.replace("/rrmq?", "/secure?")))
        sizes = [log.stat().st_size for log in logs]
        secure.stack.down()
        for log, size in zip(logs, sizes, strict=True):
            eventually(partial(_grew, log, size), "it complains")
        run("list")
        assert [process.poll() for process in processes.values()] == [None, None]
        for process in processes.values():
            process.send_signal(signal.SIGTERM)
        processes["worker"].wait(PATIENCE)
    assert not leaks("\n".join(run.said).encode())
    homes = (tmp_path, secure.ca.parent / "servers" / "logs")
    files = [path for home in homes for path in home.rglob("*") if path.is_file()]
    assert set(logs) <= set(files)
    assert [path for path in files if leaks(path.read_bytes())] == []


def _grew(log: Path, size: int) -> bool:
    return log.stat().st_size > size + 500


def test_the_local_stack_keeps_no_key(rrmq: Rrmq, echo: ThreadingHTTPServer) -> None:
    there = Rrmq(rrmq.environment | endpoint_settings(echo))
    done = there("submit", "-", "--judge", "openai:refuses", "--watch", file=FILE)
    assert done.returncode == 3
    done = there("submit", "-", "--judge", "openai:speaks", "--watch", file=FILE)
    assert done.returncode == 0
    assert not leaks(command_lines())
    assert there("down").returncode == 0
    files = [path for path in Path(rrmq.environment["RRMQ_HOME"]).rglob("*") if path.is_file()]
    assert any(path.name == "worker.log" for path in files)
    assert [path for path in files if leaks(path.read_bytes())] == []


def test_the_engine_is_started_without_any_setting_of_ours(
    servers: Addresses, tmp_path: Path
) -> None:
    """The worker launches an engine, which here tells its environment and ends."""
    tells = tmp_path / "python"
    tells.write_text(f'#!/bin/sh\nenv > "{tmp_path}/environment"\necho {KEY}\nexit 1\n')
    tells.chmod(0o755)
    settings = {"RRMQ_BROKER_URL": servers.broker_url, "RRMQ_OPENAI_API_KEY": KEY, "OTHER": "stays"}
    there = Rrmq(without_settings() | settings)
    done = there("worker", "--judge", "rrm-7b", "--model", "m", "--engine-python", str(tells))
    assert done.returncode == 1
    told = (tmp_path / "environment").read_text()
    assert "OTHER=stays" in told
    assert "RRMQ_" not in told
    assert KEY not in told
