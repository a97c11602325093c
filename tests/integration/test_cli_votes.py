"""`rrmq votes`, on a job whose every vote is known."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result
from kit.jobs import lines, received, submit_file

from rrm_queue.broker.client import BrokerClient
from rrm_queue.cli.main import rrmq as main
from rrm_queue.cli.render.tables import MEDIUM
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.domain import JobId, NoVerdict, Verdict, Vote
from rrm_queue.errors import JobNotFound, MatchNotFound, RrmqError, TournamentNotFound, UsageFault
from rrm_queue.local.stack import Addresses
from rrm_queue.messages import BatchMatch, MatchReport
from rrm_queue.store.database import Database

Rrmq = Callable[..., Result]
LAST = "So I choose."


@pytest.fixture
def rrmq(database: Database, servers: Addresses, broker: BrokerClient) -> Rrmq:
    environment = {"RRMQ_DATABASE_URL": database.url, "RRMQ_BROKER_URL": servers.broker_url}

    def run(*line: str, **changes: str) -> Result:
        return CliRunner().invoke(main, line, env=environment | changes, standalone_mode=False)

    return run


def cast(match: BatchMatch) -> list[Vote]:
    """Three votes of which the larger number wins two and one has no verdict."""
    larger_is_first = match.first > match.second
    text = "\n".join([f"Thought {n}." for n in range(40)] + [LAST])
    both: dict[str, Any] = {
        "text": text,
        "prompt_tokens": 1900,
        "completion_tokens": 700,
        "seconds": 2.5,
    }
    return [
        Vote(1, Verdict.FIRST if larger_is_first else Verdict.SECOND, **both),
        Vote(2, Verdict.SECOND if larger_is_first else Verdict.FIRST, True, neutralised=True),
        Vote(3, Verdict.NONE, no_verdict=NoVerdict.TRUNCATED, samples=3),
    ]


@pytest.fixture
def job(database: Database, broker: BrokerClient) -> JobId:
    """Four candidates in a round robin, all judged."""
    job = submit_file(database, lines([4]), strategy="elo", voting={"votes": 3, "stop": "never"})
    while dispatch(database, broker):
        for batch in received(broker):
            reports = [MatchReport(match.match, cast(match)) for match in batch.matches]
            record(database, batch.outcomes("test", reports))
    return job


def shown(result: Result) -> str:
    assert result.exception is None, result.exception
    return result.stdout


@pytest.mark.parametrize("width", [60, 80, 120])
def test_every_match_is_listed(job: JobId, rrmq: Rrmq, width: int) -> None:
    listed = [json.loads(line) for line in shown(rrmq("votes", job, "t0", "--json")).splitlines()]
    assert {frozenset((m["first"], m["second"])) for m in listed} == {
        frozenset((f"c{a}", f"c{b}")) for a in range(4) for b in range(a)
    }
    for match in listed:
        assert match["winner"] == max(match["first"], match["second"])
        ahead = match["winner"] == match["first"]
        assert (match["for_first"], match["for_second"]) == ((2, 0) if ahead else (0, 2))
        assert (match["votes"], match["decided_by"]) == (3, "votes")
    table = shown(rrmq("votes", job, "t0", COLUMNS=str(width))).splitlines()
    assert len(table) == 2 + 6
    assert max(map(len, table)) <= width
    assert all("(1 neither)" in line for line in table[2:])
    wide = width >= MEDIUM  # else the keys need the room of what decided it
    assert ("decided by" in table[0]) == wide
    assert all(line.rstrip().endswith(" votes") == wide for line in table[2:])


def test_a_match_is_found_by_its_place_and_by_its_candidates(job: JobId, rrmq: Rrmq) -> None:
    first = json.loads(shown(rrmq("votes", job, "t0", "--json")).splitlines()[0])
    one, other = first["first"], first["second"]
    by_place = shown(rrmq("votes", job, "t0", first["match"], "--json"))
    assert by_place == shown(rrmq("votes", job, "t0", one, other, "--json"))
    assert by_place == shown(rrmq("votes", job, "t0", other, one, "--json"))
    match = json.loads(by_place)
    assert {key: match[key] for key in first} == first
    assert match["prompt"] == "Which is largest? (0)"
    assert [a["text"] for a in match["answers"]] == [f"It is {key[1]}." for key in (one, other)]
    votes = match["cast"]
    assert [vote["shown_first"] for vote in votes] == [one, other, one]
    assert [vote["for"] for vote in votes] == [match["winner"], match["winner"], None]
    assert [vote["no_verdict"] for vote in votes] == [None, None, "truncated"]
    assert [vote["neutralised"] for vote in votes] == [False, True, False]
    assert votes[0]["tokens"] == {"prompt": 1900, "cached": 0, "completion": 700}
    assert votes[0]["text"].startswith("Thought 0.\n")
    assert votes[0]["text"].endswith(LAST)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_match_is_explained(job: JobId, rrmq: Rrmq, width: int) -> None:
    text = shown(rrmq("votes", job, "t0", "c1", "c3", COLUMNS=str(width)))
    assert "\x1b" not in text
    rows = text.splitlines()
    assert max(map(len, rows)) <= width
    beside = [row for row in rows if "It is 1." in row and "It is 3." in row]
    assert len(beside) == (width >= 80), "both answers stand in one line where there is room"
    flat = " ".join(text.split())
    for fact in (
        "vote 1: c3;", "vote 2: c3;", "vote 3: no verdict (truncated);", "1,900 + 700 tokens",
        "2.5 s", "neutralised", "3 samples", "decided by votes", "Which is largest?", LAST,
    ):  # fmt: skip
        assert fact in flat
    assert "Thought 3." not in text
    full = shown(rrmq("votes", job, "t0", "c1", "c3", "--full", COLUMNS=str(width)))
    assert all(f"Thought {n}." in full for n in range(40))


def test_without_a_match_all_are_explained_in_full(job: JobId, rrmq: Rrmq) -> None:
    """Also without a tournament: then it is the first."""
    full = shown(rrmq("votes", job, "--full"))
    assert full == shown(rrmq("votes", job, "t0", "--full"))
    assert full.count("Thought 0.") == 6, (
        "of every match the vote that has a reasoning has all of it"
    )
    assert full.count(LAST) == 6
    in_json = shown(rrmq("votes", job, "--full", "--json")).splitlines()
    assert [len(json.loads(line)["cast"]) for line in in_json] == [3] * 6


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["1.99"], MatchNotFound),
        ([f"1.{10**30}"], MatchNotFound),
        (["c1", "c1"], MatchNotFound),
        (["c1", "c9"], MatchNotFound),
        (["c1"], UsageFault),
        (["1.x"], UsageFault),
        (["c1", "c2", "c3"], UsageFault),
    ],
)
def test_what_names_no_match_is_said(
    job: JobId, rrmq: Rrmq, words: list[str], kind: type[RrmqError]
) -> None:
    assert isinstance(rrmq("votes", job, "t0", *words).exception, kind)


def test_what_has_no_votes_yet_is_shown_too(database: Database, rrmq: Rrmq) -> None:
    job = submit_file(database, lines([3]))
    assert "no match is planned yet" in shown(rrmq("votes", job, "t0"))
    assert shown(rrmq("votes", job, "t0", "--json")) == ""
    assert isinstance(rrmq("votes", job, "t9").exception, TournamentNotFound)
    assert isinstance(rrmq("votes", "f", "t0").exception, JobNotFound)
