"""Whatever a file, a judge or an endpoint writes, a terminal is never commanded by it."""

import json
import os
import pty
import signal
import subprocess
import unicodedata
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from kit.command import Rrmq, without_settings
from kit.waiting import PATIENCE

from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import Database

COMMANDS = {
    "a colour": "\x1b[35;1;7m",
    "clearing the screen": "\x1b[2J\x1b[1;1H",
    "a question to the terminal": "\x1b[6n\x1b[c",
    "a title": "\x1b]0;owned\x07",
    "a link": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "the clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "a device control string": "\x1bP$q\x1b\\",
    "C1 codes": "\x9b31m\x9d52;c;ZXZpbA==\x9c\x85",
    "overwriting": "safe\r\x08\x08\x7fevil",
    "a bell": "\x07",
    "line breaks": "two\n\x0b\x0c\u2028\u2029lines",
    "bidi overrides": "\u202egnp.exe\u202c\u2066x\u2069\u200f\u061c",
    "what is not seen": "a\u200b\u200d\u2060\ufeff\U000e0041b\u00ad",
}
HOSTILE = "".join(COMMANDS.values())

MORE_VIEWS: dict[str, list[tuple[str, ...]]] = {
    "reference": [("leaderboard",), ("diagnose",)],
    "openai:speaks": [
        ("votes", "good"), ("votes", "good", "1.0"), ("votes", "good", "1.0", "--full"),
        ("votes", "good", "1.0", "--json"),
    ],
    "openai:fails": [
        ("votes", "good"), ("votes", "good", "1.0"), ("pause",), ("resume",), ("retry",),
    ],
}  # fmt: skip
"""Views of which one job shows all that is hostile in them, by its judge: a verb and its words."""
LONG = "\x1b[5m" + "long" * 2_000


class Judge(BaseHTTPRequestHandler):
    """An endpoint whose every word is hostile; models named `fail…` are refused."""

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        failing = request["model"].startswith("fail")
        message = {"content": f"{HOSTILE}{LONG} \\boxed{{Assistant 1}}"}
        choice = {"message": message, "finish_reason": "stop"}
        good = {"model": HOSTILE, "choices": [choice]}
        body = json.dumps({"error": {"message": HOSTILE + LONG}} if failing else good).encode()
        self.send_response(400 if failing else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base's name
        pass


@pytest.fixture
def hostile_judge() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Judge)
    thread = Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def command(servers: Addresses, database: Database, hostile_judge: str, tmp_path: Path) -> Rrmq:
    return Rrmq(
        without_settings()
        | {
            "RRMQ_DATABASE_URL": database.url,
            "RRMQ_BROKER_URL": servers.broker_url,
            "RRMQ_OPENAI_BASE_URL": hostile_judge,
            "RRMQ_HOME": str(tmp_path / "home"),
            "TERM": "xterm-256color",
            "COLUMNS": "100",
        }
    )


def unfit(output: str) -> set[str]:
    """The characters of `output` that a terminal obeys or hides, but for line feeds."""
    return {c for c in output if unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"} and c != "\n"}


def on_a_terminal(command: Rrmq, *arguments: str) -> tuple[int, str]:
    """The exit code, and all that the command writes to a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command.argv(*arguments),
        env=command.environment,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    written = bytearray()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        try:
            while chunk := screen.read(65536):
                written += chunk
        except OSError:  # how Linux tells that nobody holds the other end any more
            pass
    return process.wait(PATIENCE), written.decode()


def obeyed(output: str) -> list[str]:
    """The commands that reached the terminal as they were; rich's own are others."""
    whole = [name for name, text in COMMANDS.items() if text in output]
    parts = ["\x1b]", "\x1bP", "\x1b[6n", "\x1b[5m", "\x07", "\x08", "\x7f"]
    parts += ["\u202e", "\u2066", "\u200f"]
    c1 = [c for c in output if "\x80" <= c <= "\x9f"]
    return whole + [repr(part) for part in parts if part in output] + c1


def files(tmp_path: Path) -> tuple[Path, bytes]:
    """A file under a hostile name, whose every text is as hostile as intake lets it be."""
    lines = [
        {
            "id": None if number else "good",
            "prompt": HOSTILE + LONG,
            "candidates": [
                {"id": f"c{i}", "text": f"{i}{HOSTILE}{LONG}", "generator": HOSTILE}
                for i in range(4)
            ],
            "reference": "1",
        }
        for number in range(2)
    ]
    content = "".join(json.dumps(line) + "\n" for line in lines).encode()
    name = HOSTILE.replace("/", "").replace("\x9b31m", "")[:60]
    path = tmp_path / f"{name}.jsonl"
    path.write_bytes(content)
    return path, content


@pytest.fixture
def logs(command: Rrmq, tmp_path: Path) -> Iterator[dict[str, Path]]:
    """The logs of a coordinator and a worker, written out in full."""
    logs = {name: tmp_path / f"{name}.log" for name in ("coordinator", "worker")}
    running = []
    for name, file in logs.items():
        with file.open("wb") as out:
            environment = command.environment | {"RRMQ_LOG_LEVEL": "DEBUG"}
            running.append(
                subprocess.Popen(command.argv(name), env=environment, stdout=out, stderr=out)
            )
    yield logs
    for process in running:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


@pytest.mark.timeout(900)  # some two hundred commands, each a process
def test_every_view_of_a_hostile_job_is_plain(
    command: Rrmq, logs: dict[str, Path], tmp_path: Path
) -> None:
    path, _ = files(tmp_path)
    outputs: dict[str, str] = {}

    def look(*arguments: str) -> subprocess.CompletedProcess[str]:
        done = command(*arguments)
        outputs[f"{arguments} out"], outputs[f"{arguments} err"] = done.stdout, done.stderr
        _, shown = on_a_terminal(command, *arguments)
        assert obeyed(shown) == [], arguments
        return done

    for judge in ("reference", "openai:speaks", "openai:fails"):
        submitted = command("submit", str(path), "--judge", judge, "--watch")
        assert submitted.returncode == (3 if judge == "openai:fails" else 0), submitted.stderr
        outputs[f"submit {judge}"] = submitted.stdout + submitted.stderr
        code, shown = on_a_terminal(command, "submit", str(path), "--judge", judge, "--watch")
        assert code == submitted.returncode
        assert obeyed(shown) == []
        job = submitted.stdout.split()[1].rstrip(":")
        for arguments in (
            ("status", job), ("status", job, "--watch"), ("status", job, "--json"),
            ("results", job), ("results", job, "--json"), ("results", job, "--tournament", "good"),
            ("bracket", job), ("bracket", job, "good"),
            *((*words[:1], job, *words[1:]) for words in MORE_VIEWS[judge]), ("cancel", job),
        ):  # fmt: skip
            look(*arguments)
        _, shown = on_a_terminal(command, "results", job, "--csv")
        assert obeyed(shown) == []
    look("list")
    look("list", "--json")
    look("doctor")
    assert {where: unfit(text) for where, text in outputs.items() if unfit(text)} == {}
    for log in logs.values():
        assert unfit(log.read_text()) == set()


def test_errors_about_hostile_input_are_plain(command: Rrmq, tmp_path: Path) -> None:
    row = {"prompt": "p", "candidates": ["a", "b"], "reference": "a"}
    bad = [
        change
        for text in COMMANDS.values()
        for change in (
            row | {"id": text},
            row | {"candidates": [{"id": text, "text": "a"}, {"id": text, "text": "b"}]},
            row | {text: 1, "candidates": text},
            row | {"reference": {text: text}},
            {text: text},
        )
    ]
    path = tmp_path / f"{HOSTILE[:60].replace('/', '')}.jsonl"
    path.write_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in bad) + HOSTILE.encode())
    for arguments in (
        ("submit", str(path)), ("submit", f"{path}-none"),
        ("submit", str(path), "--judge", HOSTILE),
        ("submit", str(path), "--name", HOSTILE), ("submit", str(path), "--strategy", HOSTILE),
        ("submit", str(path), "--template", HOSTILE, "--judge", "openai:x"),
        ("submit", str(path), "--sampling", f"{HOSTILE}={HOSTILE}", "--judge", "openai:x"),
        *((verb, HOSTILE) for verb in (
            "status", "results", "leaderboard", "diagnose", "bracket",
            "pause", "resume", "retry", "cancel",
        )),
        ("votes", HOSTILE, HOSTILE, HOSTILE), ("completion", HOSTILE),
        (HOSTILE,), ("list", f"--{HOSTILE}"), ("worker", "--judge", HOSTILE),
    ):  # fmt: skip
        done = command(*arguments)
        assert done.returncode in (1, 2), (arguments, done.stdout)
        assert unfit(done.stdout + done.stderr) == set(), arguments
        assert "Traceback" not in done.stderr
