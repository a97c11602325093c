"""Ties, margins and probabilities of a model's votes, from the worker to every view of them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result
from kit.jobs import submit_file
from kit.paid_votes import PAID, Worker, sent, view

from rrm_queue.broker.client import BrokerClient
from rrm_queue.cli.main import rrmq as main
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.domain import JobState, Verdict, Vote
from rrm_queue.errors import UsageFault
from rrm_queue.local.stack import Addresses
from rrm_queue.messages import BatchMatch, JudgeBatch
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

Rrmq = Callable[..., Result]

BRACKETS: dict[str, Any] = {**PAID, "judge": {**dict(PAID["judge"]), "dialect": "brackets"}}
SURE = 0.8


def pairs(count: int) -> bytes:
    """Prompts with two answers each, of models `a` and `b`; by the label the first is better."""
    rows = (
        {
            "id": f"t{number}",
            "prompt": f"Which? ({number})",
            "candidates": [
                {"id": "x", "text": f"It is {number}.", "generator": "a"},
                {"id": "y", "text": f"It was {number}.", "generator": "b"},
            ],
            "label": "x",
        }
        for number in range(count)
    )
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@pytest.fixture
def rrmq(database: Database, servers: Addresses, broker: BrokerClient) -> Rrmq:
    environment = {"RRMQ_DATABASE_URL": database.url, "RRMQ_BROKER_URL": servers.broker_url}

    def run(*line: str) -> Result:
        return CliRunner().invoke(main, line, env=environment, standalone_mode=False)

    return run


class SureWorker(Worker):
    """Says what `says` does of the first answer of the file, in whichever order it is shown."""

    def __init__(self, says: Callable[[int], tuple[Verdict, float | None]]) -> None:
        super().__init__()
        self.says = says

    def vote(self, batch: JudgeBatch, match: BatchMatch, number: int) -> Vote:
        usual = super().vote(batch, match, number)
        verdict, chance = self.says(number)
        if usual.swapped != (match.first != 0):
            chance = None if chance is None else 1 - chance
            other = {Verdict.FIRST: Verdict.SECOND, Verdict.SECOND: Verdict.FIRST}
            verdict = other.get(verdict, verdict)
        changes = {"verdict": verdict, "probability": chance, "margin": 2}
        return Vote(**{name: getattr(usual, name) for name in usual.__struct_fields__} | changes)


def for_first(_: int) -> tuple[Verdict, float | None]:
    return Verdict.FIRST, SURE


def test_they_are_kept_reused_and_shown(
    database: Database, broker: BrokerClient, rrmq: Rrmq
) -> None:
    file, voting = pairs(40), {"votes": 3}
    job = submit_file(database, file, reference=False, strategy="pairs", voting=voting, **PAID)
    SureWorker(for_first).play(database, broker)
    again = submit_file(
        database, file, reference=False, strategy="pairs", voting=voting, anew=True,
        **PAID | {"id": "ba9876543210"},
    )  # fmt: skip
    SureWorker(lambda _: pytest.fail("the votes are paid for")).play(database, broker)
    with database.begin() as tx:
        kept = tx.execute(
            text("""
                SELECT m.job_id, v.margin, count(*) AS votes,
                       CASE WHEN v.swapped <> (m.first <> 0) THEN 1 - probability
                            ELSE probability END AS chance
                FROM votes v JOIN matches m ON m.id = v.match_id GROUP BY 1, 2, 4 ORDER BY 1
            """)
        ).all()
    assert [(one.job_id, one.margin, one.votes) for one in kept] == [(job, 2, 80), (again, 2, 80)]
    assert [one.chance for one in kept] == pytest.approx([SURE, SURE])

    (cast, *_) = json.loads(rrmq("votes", job, "t0", "x", "y", "--json").stdout)["cast"]
    assert (cast["margin"], cast["probability"] in (SURE, pytest.approx(1 - SURE))) == (2, True)
    shown = rrmq("votes", job, "t0", "x", "y").stdout
    assert "much better" in shown
    assert "probability of the first 0.80" in shown
    row = json.loads(rrmq("export", job, "--as", "votes").stdout.splitlines()[0])
    shown_first = row["second"] if row["swapped"] else row["first"]
    assert (row["margin"], row["winner"]) == (2, "x")
    assert row["probability"] == pytest.approx(SURE if shown_first == "x" else 1 - SURE)

    soft = json.loads(rrmq("leaderboard", job, "--soft", "--json").stdout)
    hard = json.loads(rrmq("leaderboard", job, "--json").stdout)
    rates = [[line["win_rate"] for line in board["generators"]] for board in (soft, hard)]
    assert rates == [pytest.approx([SURE, 1 - SURE]), [1.0, 0.0]]
    assert (soft["soft"], hard["soft"]) == ({"votes": 80, "probable": 80}, None)
    assert soft["generators"][0]["bt"] < hard["generators"][0]["bt"]

    found = json.loads(rrmq("diagnose", job, "--json").stdout)["calibration"]
    assert (found["votes"], found["pairs"]) == (80, 40)
    assert found["brier"] == pytest.approx((1 - SURE) ** 2)
    assert "fewer than 100 pairs" in rrmq("diagnose", job).stdout


def test_a_vote_without_a_probability_counts_by_its_verdict(
    database: Database, broker: BrokerClient, rrmq: Rrmq
) -> None:
    says = {1: (Verdict.FIRST, 0.6), 2: (Verdict.SECOND, None), 3: (Verdict.TIE, None)}
    voting = {"votes": 3, "stop": "never"}
    job = submit_file(
        database, pairs(3), reference=False, strategy="pairs", voting=voting, **BRACKETS
    )
    SureWorker(says.__getitem__).play(database, broker)
    board = json.loads(rrmq("leaderboard", job, "--soft", "--json").stdout)
    rates = {line["generator"]: line["win_rate"] for line in board["generators"]}
    assert rates == {"a": pytest.approx((0.6 + 0 + 0.5) / 3), "b": pytest.approx(1.9 / 3)}
    assert board["soft"] == {"votes": 9, "probable": 3}
    assert "6 votes without one by the verdict" in rrmq("leaderboard", job, "--soft").stdout


def test_a_board_without_probabilities_says_what_it_needs(
    database: Database, broker: BrokerClient, rrmq: Rrmq
) -> None:
    job = submit_file(database, pairs(1), reference=False, strategy="pairs", **PAID)
    Worker().play(database, broker)
    refused = rrmq("leaderboard", job, "--soft")
    assert isinstance(refused.exception, UsageFault)
    assert "needs votes with a probability" in str(refused.exception)


@pytest.mark.parametrize(("options", "kept"), [(BRACKETS, 2), (PAID, 0)])
def test_a_tie_counts_where_the_judges_dialect_has_one(
    database: Database, broker: BrokerClient, options: dict[str, Any], kept: int
) -> None:
    """In `brackets` [[C]] is a tie; RRM's `boxed` has no such word, so no worker may claim one."""
    job = submit_file(
        database, pairs(1), reference=False, strategy="pairs", voting={"votes": 2}, **options
    )
    dispatch(database, broker)
    (batch,) = sent(broker)
    record(database, SureWorker(lambda _: (Verdict.TIE, 0.5)).judge(batch))
    with database.begin() as tx:
        rows = tx.execute(text("SELECT verdict, margin FROM votes")).all()
    assert [tuple(row) for row in rows] == [("tie", 0)] * kept
    state = JobState.SUCCEEDED if kept else JobState.RUNNING
    assert view(database, job).state is state
