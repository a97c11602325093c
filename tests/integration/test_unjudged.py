"""Matches that no vote decides: between equal texts, and those that the judge refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from kit.endpoint_jobs import judge_at
from kit.endpoints import completion
from kit.jobs import submit_file
from kit.paid_votes import PAID, Worker, view

from rrm_queue.broker.client import BrokerClient
from rrm_queue.domain import DecidedBy, JobId, JobState
from rrm_queue.exports import export_of
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.views.exports import finished_tournaments
from rrm_queue.store.views.results import job_results
from rrm_queue.views.tournaments import FinishedTournament, TournamentResult

CASES = Path(__file__).parents[3] / "shared" / "cases"
PREFERENCES: tuple[dict[str, Any], ...] = (
    {},
    {"pairs": "decided"},
    {"pairs": "adjacent"},
    {"transitive": True},
)
LONGEST = 2_000
"""Characters of a request that the endpoint takes."""


def of_texts(*texts: str) -> bytes:
    candidates = [{"id": f"c{n}", "text": one} for n, one in enumerate(texts)]
    return json.dumps({"id": "t", "prompt": "p", "candidates": candidates}).encode()


def finished(database: Database, job: JobId) -> list[FinishedTournament]:
    with database.begin() as tx:
        found = finished_tournaments(tx, job, matches=True, votes=True)
        return [_held(tournament) for tournament in found]


def _held(tournament: FinishedTournament) -> FinishedTournament:
    held = list(tournament.matches)
    return FinishedTournament(
        tournament.key, tournament.prompt, tournament.candidates, tournament.standings, held
    )


def result(database: Database, job: JobId) -> TournamentResult:
    with database.begin() as tx:
        (only,) = job_results(tx, job)
    return only


def pay(database: Database, broker: BrokerClient, file: bytes, **options: Any) -> tuple[JobId, int]:
    """The job, judged to its end, and how many of its matches were sent."""
    job = submit_file(database, file, reference=False, **PAID, **options)
    return job, Worker().play(database, broker)


@pytest.mark.parametrize("strategy", ["elo", "sampled:2", "swiss", "pivot"])
def test_equal_texts_draw_and_nobody_is_asked(
    database: Database, broker: BrokerClient, strategy: str
) -> None:
    job, sent = pay(database, broker, of_texts(*"aabbb"), strategy=strategy)
    (tournament,) = finished(database, job)
    texts = {n: one.text for n, one in enumerate(tournament.candidates)}
    matches = list(tournament.matches)
    equal = [match for match in matches if texts[match.first] == texts[match.second]]
    assert equal
    assert {(m.winner, m.decided_by, len(m.cast)) for m in equal} == {(None, DecidedBy.EQUAL, 0)}
    assert sent <= len(matches) - len(equal) == view(database, job).votes
    for options in PREFERENCES:
        rows = list(export_of("preferences", options).rows(tournament))
        assert all(row["chosen"] != row["rejected"] for row in rows)


def test_equal_texts_stand_alike_where_all_meet(database: Database, broker: BrokerClient) -> None:
    job, _ = pay(database, broker, of_texts("a", "b", "b", "c"), strategy="elo")
    lines = {line.key: line.standing for line in result(database, job).standings}
    one, two = lines["c1"], lines["c2"]
    assert (one.wins, one.losses, one.draws) == (two.wins, two.losses, two.draws) == (1, 1, 1)
    assert one.bt == pytest.approx(two.bt, abs=0.1)


@pytest.mark.parametrize("strategy", ["knockout", "double-elimination"])
def test_of_equal_texts_the_earlier_goes_on_in_a_bracket(
    database: Database, broker: BrokerClient, strategy: str
) -> None:
    job, sent = pay(database, broker, of_texts("a", "a", "a", "b"), strategy=strategy)
    (tournament,) = finished(database, job)
    matches = list(tournament.matches)
    equal = [match for match in matches if match.decided_by is DecidedBy.EQUAL]
    assert equal
    assert all(match.winner == min(match.first, match.second) for match in equal)
    assert sent <= len(matches) - len(equal) == view(database, job).votes
    assert result(database, job).champion == "c3"
    standings = result(database, job).standings
    assert sum(line.standing.draws for line in standings) == 2 * len(equal)
    for options in PREFERENCES:
        rows = list(export_of("preferences", options).rows(tournament))
        assert all(row["chosen"] != row["rejected"] for row in rows)


def test_a_tournament_of_equal_texts_ends_without_a_worker(
    database: Database, broker: BrokerClient
) -> None:
    job, sent = pay(database, broker, of_texts(*"xxxx"), strategy="knockout")
    assert (sent, view(database, job).votes) == (0, 0)
    assert view(database, job).state is JobState.SUCCEEDED


def test_the_case_of_same_answers_pays_for_different_texts_only(
    database: Database, broker: BrokerClient
) -> None:
    file = (CASES / "07-same-answers.jsonl").read_bytes()
    job, sent = pay(database, broker, file, strategy="elo")
    assert sent == 2
    assert view(database, job).state is JobState.SUCCEEDED


async def of_limited_length(request: web.Request) -> web.Response:
    said = (await request.json())["messages"][-1]["content"]
    if len(said) > LONGEST + OVERHEAD:
        words = "This model's maximum context length is 500 tokens"
        return web.json_response({"error": {"message": words}}, status=400)
    return completion("</think>\\boxed{Assistant 1}")


OVERHEAD = 4_000
"""Characters of the prompt around the two answers, with room to spare."""


@pytest.mark.parametrize(
    ("wish", "strategy", "state", "ends"),
    [
        ("fail", "elo", JobState.FAILED, None),
        ("lose", "elo", JobState.SUCCEEDED, {DecidedBy.REFUSED}),
        ("abstain", "elo", JobState.SUCCEEDED, {DecidedBy.REFUSED}),
        ("lose", "knockout", JobState.SUCCEEDED, {DecidedBy.REFUSED}),
        ("abstain", "knockout", JobState.SUCCEEDED, {DecidedBy.COIN}),
    ],
)
def test_a_match_that_is_too_long_ends_as_the_job_wants(
    database: Database,
    broker: BrokerClient,
    wish: str,
    strategy: str,
    state: JobState,
    ends: set[DecidedBy] | None,
) -> None:
    row = json.loads((CASES / "27-one-overlong.jsonl").read_text())
    long = max(range(len(row["candidates"])), key=lambda n: len(row["candidates"][n]))
    row["candidates"][long] *= 10
    options = {"strategy": strategy, "voting": {"on_refused": wish}}
    job = judge_at(of_limited_length, database, broker, json.dumps(row).encode(), **options)
    assert view(database, job).state is state
    if ends is None:
        return
    (tournament,) = finished(database, job)
    met = [match for match in tournament.matches if long in (match.first, match.second)]
    assert {match.decided_by for match in met} == ends
    assert all(match.judged_winner is None for match in met)
    if wish == "lose":
        assert all(match.winner not in (None, long) for match in met)
    elif strategy == "elo":
        assert {match.winner for match in met} == {None}


def test_paid_votes_of_failed_tournaments_can_be_exported(
    database: Database, broker: BrokerClient
) -> None:
    row = json.loads((CASES / "27-one-overlong.jsonl").read_text())
    row["candidates"] = [one * 10 if len(one) > LONGEST else one for one in row["candidates"]]
    options = {"strategy": "elo"}
    job = judge_at(of_limited_length, database, broker, json.dumps(row).encode(), **options)
    assert view(database, job).state is JobState.FAILED
    export = export_of("votes", {"include_failed": True})
    with database.begin() as tx:
        assert not list(finished_tournaments(tx, job, matches=True, votes=True))
        found = finished_tournaments(tx, job, matches=True, votes=True, texts=True, failed=True)
        rows = [vote for tournament in found for vote in export.rows(tournament)]
    assert len(rows) == view(database, job).votes > 0
    assert {vote["tournament_failed"] for vote in rows} == {True}
    assert all(vote["text"] and list(vote) == list(export.columns) for vote in rows)
    assert "tournament_failed" not in export_of("votes", {}).columns


async def refusing(_: web.Request) -> web.Response:
    return web.json_response({"error": {"message": "Odd characters"}}, status=422)


def test_a_match_refused_for_something_else_is_a_draw_also_where_the_longer_would_lose(
    database: Database, broker: BrokerClient
) -> None:
    options = {"strategy": "elo", "voting": {"on_refused": "lose"}}
    job = judge_at(refusing, database, broker, of_texts("short", "much longer"), **options)
    assert view(database, job).state is JobState.SUCCEEDED
    with database.begin() as tx:
        assert tx.execute(text("SELECT winner, decided_by FROM matches")).one() == (None, "refused")
