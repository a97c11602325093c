"""The command as its users run it: a process, with a home folder of its own."""

import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.command import Rrmq, without_settings
from kit.homes import remove

from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import Database


@pytest.fixture(scope="module")
def rrmq() -> Iterator[Rrmq]:
    """The command over a local stack that nobody has started yet."""
    home = tempfile.mkdtemp(prefix="rrmq-test-")
    command = Rrmq(without_settings() | {"RRMQ_HOME": home})
    try:
        yield command
    finally:
        command("down")
        remove(Path(home))


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
