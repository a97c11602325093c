"""The command as its users run it: a process, with a home folder of its own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import Database

PATIENCE = 120  # seconds; far more than any command takes


@dataclass(frozen=True)
class Rrmq:
    """Runs `rrmq` under one environment."""

    environment: dict[str, str]

    def __call__(self, *arguments: str, file: bytes = b"") -> subprocess.CompletedProcess[str]:
        """The command, run to its end."""
        done = subprocess.run(
            self.argv(*arguments),
            env=self.environment,
            input=file,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    def ok(self, *arguments: str, file: bytes = b"") -> str:
        """What a command that succeeds prints."""
        done = self(*arguments, file=file)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """The command, running."""
        return subprocess.Popen(
            self.argv(*arguments),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def argv(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "rrm_queue.cli.main", *arguments]


def without_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("RRMQ_")}


@pytest.fixture(scope="module")
def rrmq() -> Iterator[Rrmq]:
    """The command over a local stack that nobody has started yet."""
    home = tempfile.mkdtemp(prefix="rrmq-test-")
    command = Rrmq(without_settings() | {"RRMQ_HOME": home})
    try:
        yield command
    finally:
        command("down")
        shutil.rmtree(home)


@pytest.fixture
def rrmq_there(servers: Addresses, database: Database, tmp_path: Path) -> Rrmq:
    """The command with both addresses set; the home stays empty."""
    return Rrmq(
        without_settings()
        | {
            "RRMQ_DATABASE_URL": database.url,
            "RRMQ_BROKER_URL": servers.broker_url,
            "RRMQ_HOME": str(tmp_path / "home"),
        }
    )


@pytest.fixture
def ended() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that are killed if the test leaves them behind."""
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()


@pytest.fixture(scope="session")
def example() -> Path:
    return Path(__file__).parents[2] / "examples" / "gsm8k.jsonl"
