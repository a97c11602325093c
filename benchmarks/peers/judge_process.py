"""The judge as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rig import eventually
from rrm_worker.engine_process import free_port

from peers.costs import JudgeClient

BENCHMARKS = Path(__file__).parents[1]


@contextmanager
def judge_process() -> Iterator[tuple[str, JudgeClient]]:
    """The judge's address, and a client for it; it ends afterwards."""
    port = free_port()
    environment = {**os.environ, "PYTHONPATH": str(BENCHMARKS)}
    command = (sys.executable, "-m", "peers.judge", str(port))
    process = subprocess.Popen(command, env=environment)  # noqa: S603  # our own
    address = f"http://127.0.0.1:{port}"
    client = JudgeClient(address)
    try:
        eventually(lambda: _answers(client), "the judge answers")
        yield address, client
    finally:
        process.terminate()
        process.wait()


def _answers(client: JudgeClient) -> bool:
    try:
        client.seen()
    except OSError:
        return False
    return True
