"""A person votes in a real terminal: blind, by single keys; who leaves gives the match back."""

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from kit.command import Rrmq
from kit.people import job_for_people, votes_of
from kit.replays import as_lines
from kit.terminal import Terminal, terminal

from rrm_queue.domain import JobId
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.views.jobs import view_job

KEYS = "q quit"


Voting = Callable[..., Terminal]


@pytest.fixture
def voting(rrmq_there: Rrmq) -> Iterator[Voting]:
    """`rrmq vote JOB` in a terminal."""
    with ExitStack() as opened:
        yield lambda job, *options: opened.enter_context(
            terminal(rrmq_there.argv("vote", job, *options), rrmq_there.environment)
        )


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
    held = voting(job, "--as", "Ada")
    at = held.until(KEYS)
    said = [*"1t2", "u", "1", "x", *"201", "s", *"12t"]
    mine, question = 0, -1
    for key in said:
        shown = held.shown
        assert f"Ada: {mine} vote" in shown[shown.rfind("Ada: ") :]
        question = int(re.findall(r"Question (\d+)\?", shown)[-1])
        held.press(key)
        mine += {"u": -1, "s": 0, "x": 0}.get(key, 1)
        if key != "x" and (key, mine) != ("t", 9):
            at = held.until(KEYS, at)
        if key == "u":
            assert int(re.findall(r"Question (\d+)\?", held.shown)[-1]) == question - 1
    held.until("Nothing for you now: what is left waits for other people. Ada, you cast 9 votes")
    assert held.ended() == 0
    assert "secret" not in held.shown
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
    held = voting(job, "--as", "Ada")
    at = held.until(KEYS)
    held.press("2")
    held.until(KEYS, at)
    assert out(database, job) == 2
    assert votes_of(database, job) == []
    if leave == "hang up":
        held.process.send_signal(signal.SIGHUP)
    else:
        held.press(leave)
    assert held.ended() == (0 if leave == "q" else 130)
    assert [verdict for *_, verdict in votes_of(database, job)] == ["second"]
    assert out(database, job) == 0
    assert "Traceback" not in held.shown


def test_the_name_is_asked_for_and_the_agreement_shown_at_the_end(
    database: Database, voting: Voting
) -> None:
    job = job_for_people(database, [], file=file_of(1), votes=2)
    for name in ("Ada", "Bo"):
        held = voting(job)
        held.until("Your name")
        held.press(f"{name}\n")
        held.until(KEYS)
        held.press("1")
        assert held.ended() == 0
    assert "All matches are judged. Bo, you cast 1 vote." in held.shown
    assert "the people who judge" in held.shown
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
