"""A person votes in a real terminal: blind, by single keys; who leaves gives the match back."""

import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from kit.command import PATIENCE, Rrmq
from kit.people import job_for_people, votes_of
from kit.replays import as_lines
from sqlalchemy import text

from rrm_queue.domain import JobId
from rrm_queue.store.database import Database
from rrm_queue.store.views.jobs import view_job

ESCAPES = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")
KEYS = "q quit"


@dataclass
class Terminal:
    """A terminal in which a command runs; `shown` is all that stood there."""

    process: subprocess.Popen[bytes]
    descriptor: int
    shown: str = field(default="")

    def until(self, words: str, after: int = 0) -> int:
        """Waits until these words stand after a place of what was shown; the place behind them."""
        until = time.monotonic() + PATIENCE
        while (found := self.shown.find(words, after)) < 0:
            assert time.monotonic() < until, self.shown
            if select.select([self.descriptor], [], [], 0.1)[0] and not self.read():
                break
        assert found >= 0, self.shown
        return found + len(words)

    def read(self) -> bool:
        """Reads what is there; False at the end."""
        try:
            part = os.read(self.descriptor, 65536)
        except OSError:  # Linux says so when the last process has closed the terminal
            return False
        self.shown += ESCAPES.sub("", part.decode(errors="replace")).replace("\r\n", "\n")
        return bool(part)

    def press(self, key: str) -> None:
        os.write(self.descriptor, key.encode())

    def ended(self) -> int:
        """The exit code, once it has shown all."""
        while self.read():
            pass
        return self.process.wait(PATIENCE)


Voting = Callable[..., Terminal]


@pytest.fixture
def voting(rrmq_there: Rrmq) -> Iterator[Voting]:
    """`rrmq vote JOB` in a terminal."""
    opened: list[Terminal] = []

    def start(job: str, *options: str) -> Terminal:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            rrmq_there.argv("vote", job, *options),
            env=rrmq_there.environment | {"TERM": "xterm", "COLUMNS": "100"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        opened.append(Terminal(process, ours))
        return opened[-1]

    yield start
    for one in opened:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        os.close(one.descriptor)


def out(database: Database, job: JobId) -> int:
    with database.begin() as tx:
        return view_job(tx, job).out


def file_of(count: int) -> bytes:
    rows: list[dict[str, Any]] = [
        {
            "id": f"secret-{number}",
            "prompt": f"Question {number}?",
            "candidates": [
                {"id": f"secret-{i}", "text": f"It is {i}.", "generator": f"secret model {i}"}
                for i in range(2)
            ],
        }
        for number in range(count)
    ]
    return as_lines(rows)


def test_ten_matches_are_judged_by_keys_with_one_vote_taken_back(
    database: Database, voting: Voting
) -> None:
    job = job_for_people(database, [], file=file_of(10))
    terminal = voting(job, "--as", "Ada")
    at = terminal.until(KEYS)
    said = [*"1t2", "u", "1", "x", *"201", "s", *"12t"]
    mine, question = 0, -1
    for key in said:
        shown = terminal.shown
        assert f"Ada: {mine} vote" in shown[shown.rfind("Ada: ") :]
        question = int(re.findall(r"Question (\d+)\?", shown)[-1])
        terminal.press(key)
        mine += {"u": -1, "s": 0, "x": 0}.get(key, 1)
        if key != "x" and (key, mine) != ("t", 9):
            at = terminal.until(KEYS, at)
        if key == "u":
            assert int(re.findall(r"Question (\d+)\?", terminal.shown)[-1]) == question - 1
    terminal.until(
        "Nothing for you now: what is left waits for other people. Ada, you cast 9 votes"
    )
    assert terminal.ended() == 0
    assert "secret" not in terminal.shown
    cast = [verdict for *_, verdict in votes_of(database, job)]
    assert cast == [
        "first", "tie", "first", "second", "tie", "first", "first", "second", "tie",
    ]  # fmt: skip
    assert {person for *_, person, _ in votes_of(database, job)} == {"Ada"}
    assert out(database, job) == 0


@pytest.mark.parametrize("leave", ["q", "\x03", "\x04", "hang up"])
def test_who_leaves_gives_the_match_back_and_the_last_vote_counts(
    database: Database, voting: Voting, leave: str
) -> None:
    job = job_for_people(database, [], file=file_of(3))
    terminal = voting(job, "--as", "Ada")
    at = terminal.until(KEYS)
    terminal.press("2")
    terminal.until(KEYS, at)
    assert out(database, job) == 2
    assert votes_of(database, job) == []
    if leave == "hang up":
        terminal.process.send_signal(signal.SIGHUP)
    else:
        terminal.press(leave)
    assert terminal.ended() == (0 if leave == "q" else 130)
    assert [verdict for *_, verdict in votes_of(database, job)] == ["second"]
    assert out(database, job) == 0
    assert "Traceback" not in terminal.shown


def test_the_name_is_asked_for_and_the_agreement_shown_at_the_end(
    database: Database, voting: Voting
) -> None:
    job = job_for_people(database, [], file=file_of(1), votes=2)
    for name in ("Ada", "Bo"):
        terminal = voting(job)
        terminal.until("Your name")
        terminal.press(f"{name}\n")
        terminal.until(KEYS)
        terminal.press("1")
        assert terminal.ended() == 0
    assert "All matches are judged. Bo, you cast 1 vote." in terminal.shown
    assert "the people who judge" in terminal.shown
    with database.begin() as tx:
        people = tx.scalars(text("SELECT person FROM votes ORDER BY number")).all()
    assert people == ["Ada", "Bo"]


def test_without_a_terminal_one_line_says_what_to_do(rrmq_there: Rrmq, database: Database) -> None:
    job = job_for_people(database, [2])
    done = rrmq_there("vote", job, "--as", "Ada")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("rrmq: voting needs a terminal; in a browser, open /judge/")
    assert out(database, job) == 0
