"""What a shell is offered for JOB and TOURNAMENT, asked as bash, zsh and fish ask it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kit.jobs import lines, submit_file

from rrm_queue.cli.commands.completion import SHELLS, VARIABLE
from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import Database


def asked(shell: str, words: list[str], begun: str, **environment: str) -> tuple[list[str], str]:
    """The words that are offered after `words`, and what is said on stderr."""
    line = {"COMP_WORDS": " ".join(["rrmq", *words, begun]), "COMP_CWORD": str(len(words) + 1)}
    if shell == "fish":
        line = {"COMP_WORDS": " ".join(["rrmq", *words, begun]), "COMP_CWORD": begun}
    usual = {key: value for key, value in os.environ.items() if not key.startswith("RRMQ_")}
    done = subprocess.run(
        [sys.executable, "-c", "from rrm_queue.cli.main import main; main()"],
        env=usual | {VARIABLE: f"{shell}_complete"} | line | environment,
        capture_output=True,
        text=True,
    )
    found = done.stdout.split("\n") if done.stdout.strip() else []
    found = [one for one in found if one or shell == "zsh"]
    if shell == "zsh":
        return found[1::3], done.stderr
    words = [one.partition(",")[2] if "," in one else one for one in found]
    return [word.partition("\t")[0] for word in words], done.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_ids_are_offered(shell: str, database: Database, servers: Addresses) -> None:
    urls = {"RRMQ_DATABASE_URL": database.url, "RRMQ_BROKER_URL": servers.broker_url}
    for name in ("0123456789ab", "01ffffffffff", "aaaaaaaaaaaa"):
        submit_file(database, lines([2, 3]), id=name, anew=True)
    for verb in ("status", "results", "export"):
        assert asked(shell, [verb], "01", **urls) == (["01ffffffffff", "0123456789ab"], "")
    assert asked(shell, ["results", "aaa"], "t", **urls) == (["t0", "t1"], "")
    assert asked(shell, ["bracket", "0"], "t", **urls) == ([], "")  # of two jobs
    assert asked(shell, ["votes", "aaa"], "t1", **urls) == (["t1"], "")


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"RRMQ_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/x"},
        {"RRMQ_DATABASE_URL": "what?", "RRMQ_BROKER_URL": "redis://x"},
        {"RRMQ_DATABASE_URL": "postgresql://n@127.0.0.1:9/x", "RRMQ_BROKER_URL": "redis://x"},
    ],
)
def test_without_a_store_nothing_is_offered_started_or_said(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    home = tmp_path / "home"
    began = time.monotonic()
    assert asked("bash", ["status"], "0", RRMQ_HOME=str(home), **environment) == ([], "")
    assert time.monotonic() - began < 30
    assert not home.exists()
