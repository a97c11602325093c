"""`rrmq serve` as a process over a local stack, with a model that prefers long answers."""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from model_endpoint import model_endpoint

from kit.command import Rrmq, without_settings
from kit.homes import remove
from kit.waiting import PATIENCE, eventually_by

JUDGE = "openai:longer"
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/\?token=(\S+)")


class RewardServer(NamedTuple):
    """Where the server listens, and its token."""

    port: int
    token: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def trainer_url(self, trainer: str, size: int) -> str:
        """An address for a trainer that knows nothing of rrmq."""
        query = f"size={size}&judge={JUDGE}"
        return f"http://rrmq:{self.token}@127.0.0.1:{self.port}/v1/{trainer}?{query}"

    @property
    def environment(self) -> dict[str, str]:
        """What the trainers' modules read."""
        return {"RRMQ_SERVER_URL": self.url, "RRMQ_SERVER_TOKEN": self.token}


@contextmanager
def reward_server() -> Iterator[RewardServer]:
    """A server that runs while the context is open."""
    home = Path(tempfile.mkdtemp(prefix="rrmq-test-"))
    with model_endpoint() as base_url, (home / "serve.log").open("wb") as log:
        rrmq = Rrmq(without_settings() | {"RRMQ_HOME": str(home), "RRMQ_OPENAI_BASE_URL": base_url})
        line = rrmq.argv("serve", "--port", "0")
        serving = subprocess.Popen(line, env=rrmq.environment, stdout=log, stderr=log)
        try:
            yield _listening(serving, home / "serve.log")
        finally:
            serving.terminate()
            serving.wait(PATIENCE)
            rrmq("down")
            remove(home)


def _listening(serving: "subprocess.Popen[bytes]", log: Path) -> RewardServer:
    found = eventually_by(
        serving, log, lambda: _ADDRESS.search(log.read_text()), "the server listens"
    )
    return RewardServer(int(found[1]), found[2])
