"""What a shell is offered for JOB and TOURNAMENT, asked as bash, zsh and fish ask it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kit.jobs import lines, submit_file
from kit.waiting import PATIENCE, eventually

from rrm_queue.cli.commands.completion import SHELLS, VARIABLE
from rrm_queue.cli.main import main
from rrm_queue.cli.options import arguments
from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import Database

Offer = tuple[list[str], str]
"""The words that are offered, and what is said on stderr."""


def asked(shell: str, words: list[str], begun: str, **environment: str) -> Offer:
    """What a process of its own offers after `words`, as a shell starts it."""
    usual = {key: value for key, value in os.environ.items() if not key.startswith("RRMQ_")}
    done = subprocess.run(
        [sys.executable, "-c", "from rrm_queue.cli.main import main; main()"],
        env=usual | request(shell, words, begun) | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return offered(shell, done.stdout), done.stderr


def request(shell: str, words: list[str], begun: str) -> dict[str, str]:
    """The variables by which a shell asks."""
    line = {"COMP_WORDS": " ".join(["rrmq", *words, begun]), "COMP_CWORD": str(len(words) + 1)}
    if shell == "fish":
        line = {"COMP_WORDS": " ".join(["rrmq", *words, begun]), "COMP_CWORD": begun}
    return line | {VARIABLE: f"{shell}_complete"}


def offered(shell: str, answer: str) -> list[str]:
    """The words in an answer."""
    found = answer.split("\n") if answer.strip() else []
    found = [one for one in found if one or shell == "zsh"]
    if shell == "zsh":
        return found[1::3]
    words = [one.partition(",")[2] if "," in one else one for one in found]
    return [word.partition("\t")[0] for word in words]


@pytest.mark.parametrize("shell", SHELLS)
def test_ids_are_offered(
    shell: str,
    database: Database,
    servers: Addresses,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    urls = {"RRMQ_DATABASE_URL": database.url, "RRMQ_BROKER_URL": servers.broker_url}
    for name in ("0123456789ab", "01ffffffffff", "aaaaaaaaaaaa"):
        submit_file(database, lines([2, 3]), id=name, anew=True)
    monkeypatch.setattr(arguments, "PATIENCE", 60)
    for name, value in urls.items():
        monkeypatch.setenv(name, value)

    def asked_here(words: list[str], begun: str) -> Offer:
        """What this process offers, which saves the start of another."""
        for name, value in request(shell, words, begun).items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit):
            main()
        said = capsys.readouterr()
        return offered(shell, said.out), said.err

    jobs = (["01ffffffffff", "0123456789ab"], "")

    def shell_is_offered_them() -> bool:
        found = asked(shell, ["status"], "01", **urls)
        assert found in (jobs, ([], ""))  # a busy machine needs longer than a shell waits
        return found == jobs

    eventually(shell_is_offered_them, "the shell is offered both")
    for verb in ("status", "results", "export"):
        assert asked_here([verb], "01") == jobs
    assert asked_here(["results", "aaa"], "t") == (["t0", "t1"], "")
    assert asked_here(["bracket", "0"], "t") == ([], "")  # of two jobs
    assert asked_here(["votes", "aaa"], "t1") == (["t1"], "")


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
