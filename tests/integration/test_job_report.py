"""`rrmq report` on real jobs: what the page says is what the store holds."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from kit.filled_store import Filling, fill
from kit.jobs import lines, play, received, submit_file
from kit.replays import as_lines, crowd, judge_all

from rrm_queue.actions.money import amount
from rrm_queue.broker.client import BrokerClient
from rrm_queue.cli.main import rrmq as main
from rrm_queue.cli.options.flags import flag
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.domain import JobId, Verdict, Vote
from rrm_queue.errors import TournamentNotFound, UsageFault
from rrm_queue.local.stack import Addresses
from rrm_queue.messages import Failure, MatchReport
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.views.closeness import tournament_lines
from rrm_queue.store.views.results import job_results

Rrmq = Callable[..., Result]
Row = dict[str, Any]


@pytest.fixture
def rrmq(database: Database, servers: Addresses) -> Rrmq:
    """Runs a command line in this process."""
    environment = {"RRMQ_DATABASE_URL": database.url, "RRMQ_BROKER_URL": servers.broker_url}

    def run(*line: str) -> Result:
        return CliRunner().invoke(main, line, env=environment, standalone_mode=False)

    return run


def made(rrmq: Rrmq, job: str, *options: str) -> str:
    """The page, written to standard output."""
    result = rrmq("report", job, "-o", "-", *options)
    assert result.exception is None, result.exception
    return result.stdout


def held(page: str) -> list[Row]:
    """The data of each tournament on the page."""
    found = re.findall(r'<script type="application/json">(.*?)</script>', page, re.S)
    return [json.loads(data) for data in found]


def words(page: str) -> str:
    """What stands on the page outside of its scripts and styles, without markup."""
    visible = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", visible).split())


def test_a_finished_knockout(database: Database, broker: BrokerClient, rrmq: Rrmq) -> None:
    job = submit_file(database, lines([8, 5, 2]), name="My <b>job</b>")
    play(database, broker)
    page = made(rrmq, job)
    found = sorted(held(page), key=lambda one: str(one["key"]))
    assert [one["key"] for one in found] == ["t0", "t1", "t2"]
    assert [len(one["matches"]) for one in found] == [7, 4, 1]
    assert [one["names"][one["champion"]] for one in found] == ["c7", "c4", "c1"]
    assert found[0]["answers"][0]["text"] == "It is 7."
    for one in found:
        for match in one["matches"]:
            assert match["winner"] == max(match["first"], match["second"])
            assert [vote["chosen"] for vote in match["cast"]] == [match["winner"]]
    boxes = [
        figure.count("<rect")
        for figure in re.findall(r'<figure class="bracket [^"]*">.*?</figure>', page, re.S)
    ]
    assert sorted(boxes) == [1, 4, 7]
    shown = words(page)
    assert "All 3 tournaments have a result." in shown
    assert "My &lt;b&gt;job&lt;/b&gt;" in shown
    assert "Leaderboard" not in shown  # no answer names a generator
    assert "3 of 3 tournaments" in rrmq("report", job, "-o", "-").stderr


def test_an_empty_and_a_half_done_job_say_so(
    database: Database, broker: BrokerClient, rrmq: Rrmq
) -> None:
    job = submit_file(database, lines([4, 4]))
    shown = words(made(rrmq, job))
    assert "The job is queued. These are its figures so far" in shown
    assert "0 of 2 tournaments have a result." in shown
    assert "too little data to tell how far the judge can be trusted" in shown
    dispatch(database, broker)
    for batch in list(received(broker)):
        match = batch.matches[0]
        vote = Vote(1, Verdict.FIRST, text="Because.")
        record(database, batch.outcomes("test", [MatchReport(match.match, [vote])]))
    page = made(rrmq, job)
    assert "The job is running" in words(page)
    ended = [match for one in held(page) for match in one["matches"] if match["votes"]]
    assert ended
    assert {vote["text"] for match in ended for vote in match["cast"]} == {"Because."}


def test_a_failed_tournament_says_why(database: Database, broker: BrokerClient, rrmq: Rrmq) -> None:
    job = submit_file(database, lines([2, 2]))
    dispatch(database, broker)
    for batch in list(received(broker)):
        failure = Failure("too <long>", transient=False)
        reports = [MatchReport(match.match, [], failure) for match in batch.matches]
        record(database, batch.outcomes("test", reports))
    play(database, broker)
    page = made(rrmq, job, "--tournaments", "1")
    shown = words(page)
    assert "2 tournaments failed. The first one: t0: " in shown
    assert "too &lt;long&gt;" in shown
    [one] = held(page)
    assert one["matches"][0]["failed"]
    assert "too <long>" in one["matches"][0]["state"]


def test_the_crowd_s_leaderboard_is_that_of_rrmq_leaderboard(
    database: Database, broker: BrokerClient, rrmq: Rrmq, tmp_path: Path
) -> None:
    file, recording = crowd()
    path = tmp_path / "recording.jsonl"
    path.write_bytes(as_lines(recording[:3000]))
    wanted = {(row["tournament"], row["first"], row["second"]) for row in recording[:3000]}
    rows = []
    for row in file:
        pairs = [p for p in row["pairs"] if (row["id"], p["first"], p["second"]) in wanted]
        if pairs:
            rows.append(row | {"pairs": pairs})
    job = submit_file(
        database, as_lines(rows), strategy="pairs", reference=False,
        judge={"kind": "replay", "argument": str(path)}, queue="rrmq.judge.replay",
    )  # fmt: skip
    judge_all(database, broker)
    page = made(rrmq, job)
    board = json.loads(rrmq("leaderboard", job, "--json").stdout)
    names = re.findall(r'<th scope="row" class="name"><bdi>(.*?)</bdi></th><td class="plot">', page)
    assert names == [line["generator"] for line in board["generators"]]
    for line in board["generators"]:
        assert f'<td class="num rating">{line["bt"]:.0f}</td>' in page
    assert str(tmp_path) not in page  # the judge's file is named, its folder is nobody's business
    assert "replay:recording.jsonl" in page


def test_labels_are_compared(database: Database, broker: BrokerClient, rrmq: Rrmq) -> None:
    row = {
        "prompt": "Which?", "candidates": [{"id": "a", "text": "1"}, {"id": "b", "text": "2"}],
        "label": "b",
    }  # fmt: skip
    rows = [row | {"id": f"p{number}", "subset": "xy"[number % 2]} for number in range(30)]
    job = submit_file(database, as_lines(rows), strategy="pairs", reference=False)
    play(database, broker)
    page = made(rrmq, job)
    diagnosis = json.loads(rrmq("diagnose", job, "--json").stdout)
    accuracy = diagnosis["labels"][0]["accuracy"]
    assert f"The judge agrees with {100 * accuracy['estimate']:.1f} % of 30 labels" in words(page)
    assert "kappa" in page


def test_tournaments_come_as_in_the_list_with_runner_up_margin_tokens_and_cost(
    database: Database, broker: BrokerClient, rrmq: Rrmq
) -> None:
    price = {"prompt": 1000.0, "completion": 2000.0}
    job = submit_file(database, lines([8, 3, 5, 2, 4]), price=price)
    play(database, broker)
    with database.begin() as tx:
        tx.execute(
            text("UPDATE votes SET prompt_tokens = 100 + match_id % 7, completion_tokens = 10")
        )
        tx.execute(text("UPDATE votes SET reused = true WHERE match_id % 3 = 0"))
        listed = tournament_lines(tx, job, 9)
        spent = {
            row.key: row
            for row in tx.execute(
                text(
                    "SELECT t.key, sum(v.prompt_tokens) AS prompt, count(*) AS votes"
                    " FROM tournaments t JOIN matches m ON m.tournament_id = t.id"
                    " JOIN votes v ON v.match_id = m.id WHERE NOT v.reused GROUP BY t.key"
                )
            )
        }
        standings = {
            result.key: result.standings for result in job_results(tx, job) if result.standings
        }
    page = made(rrmq, job)
    summaries = re.findall(r"<summary><span class=\"key\">.*?</summary>", page, re.S)
    assert [one["key"] for one in held(page)] == [line.key for line in listed]
    margins = [line.margin for line in listed if line.margin is not None]
    assert margins == sorted(margins)
    assert len(summaries) == len(margins) == 5
    for line, summary in zip(listed, summaries, strict=True):
        first, second, *_ = standings[line.key]
        shown = words(summary)
        assert shown.startswith(f"{line.key} {first.key} {second.key} ")
        assert f"{first.standing.bt - second.standing.bt:.0f} {line.matches} {line.votes}" in shown
        held_ = spent[line.key]
        assert line.tokens == held_.prompt + 10 * held_.votes
        cost = held_.prompt * 0.001 + held_.votes * 0.02
        assert f'data-name="cost">{amount(cost)}<' in summary


def test_results_by_subset_are_those_of_rrmq_leaderboard(
    database: Database, broker: BrokerClient, rrmq: Rrmq
) -> None:
    answers = [
        [{"text": f"{i} {number}", "generator": f"g{(i + number) % 3}"} for i in range(3)]
        for number in range(12)
    ]
    rows = [
        {
            "id": f"p{number}",
            "prompt": f"Which? {number}",
            "subset": ("math", "<code>")[number % 2],
            "candidates": candidates,
        }
        for number, candidates in enumerate(answers)
    ]
    job = submit_file(database, as_lines(rows), strategy="elo", reference=False)
    play(database, broker)
    page = made(rrmq, job)
    table = re.findall(r'<table class="heat subsets">.*?</table>', page, re.S)[0]
    shown = [
        words(row).split() for row in re.findall(r"<tr><th scope=\"row\">.*?</tr>", table, re.S)
    ]
    found = json.loads(rrmq("leaderboard", job, "--by", "subset", "--json").stdout)
    order = [line["generator"] for line in found["generators"]]
    assert len(shown) == len(found["subsets"]) == 2
    for row, subset in zip(shown, found["subsets"], strict=True):
        board = {line["generator"]: line for line in subset["generators"]}
        assert row[0] == subset["subset"].replace("<", "&lt;").replace(">", "&gt;")
        assert row[1] == subset["generators"][0]["generator"]
        assert row[-len(order) :] == [f"{100 * board[name]['win_rate']:.0f}" for name in order]


def test_gold_is_compared(database: Database, broker: BrokerClient, rrmq: Rrmq) -> None:
    rows = [
        {
            "id": f"g{number}", "prompt": "Which?",
            "candidates": [{"text": f"{i}", "gold": float(i == number % 4)} for i in range(4)],
        }
        for number in range(8)
    ]  # fmt: skip
    job = submit_file(database, as_lines(rows), reference=False)
    play(database, broker)
    shown = words(made(rrmq, job))
    # The largest number always wins, and is right in every fourth prompt.
    picked = "one for each prompt as in the export best, have a mean gold score of 0.25"
    assert f"{picked}. The mean of all answers is 0.25" in shown
    assert "that of the best answer to each prompt 1 (8 tournaments)" in shown


def test_what_is_carried_is_bounded_and_told(database: Database, rrmq: Rrmq) -> None:
    fill(database, Filling("aaaabbbbcccc", 50, 8, 40, 5))
    job = JobId("aaaabbbbcccc")
    page = made(rrmq, job, "--tournaments", "7", "--tournament", "t50", "--tournament", "t2")
    keys = [one["key"] for one in held(page)]
    assert len(keys) == 9
    assert {"t2", "t50"} <= set(keys)
    spread = sorted(int(key[1:]) for key in keys if key not in ("t2", "t50"))
    assert all(number <= 40 for number in spread)  # where enough is done, those that are
    assert max(b - a for a, b in zip([0, *spread], [*spread, 41], strict=True)) <= 8
    assert f"9 of 50: spread evenly over the file. rrmq votes {job} TOURNAMENT" in words(page)
    assert "This file shows none of them" in made(rrmq, job, "--tournaments", "0")
    with pytest.raises(TournamentNotFound, match="nobody"):
        raise rrmq("report", job, "-o", "-", "--tournament", "nobody").exception or ValueError


def test_texts_are_left_out_when_they_would_be_too_large(database: Database, rrmq: Rrmq) -> None:
    fill(database, Filling("aaaabbbbcccc", 30, 8, 30, 0))
    with database.begin() as tx:
        tx.execute(text("UPDATE votes SET text = repeat('reasoning ', 2000)"))
    page = made(rrmq, "aaaabbbbcccc", "--size", "1")
    assert 800_000 < len(page) < 1_500_000
    for one in held(page):
        assert all(answer["text"] for answer in one["answers"])  # these are short
        cast = [vote for match in one["matches"] for vote in match["cast"]]
        assert 0 < len(cast) < len(one["matches"]) == 28
        assert all(match["votes"] == 1 for match in one["matches"])


def test_without_texts_there_are_none(database: Database, broker: BrokerClient, rrmq: Rrmq) -> None:
    job = submit_file(database, lines([4, 3]))
    play(database, broker)
    page = made(rrmq, job, "--no-texts")
    assert "It is" not in page
    assert "Which is largest?" not in page
    for one in held(page):
        assert one["prompt"] is one["reference"] is None
        assert all(answer["text"] is None for answer in one["answers"])
        assert all(vote["text"] is None for match in one["matches"] for vote in match["cast"])
    assert "without prompts, answers and reasoning" in words(page)


def test_a_file_appears_whole_and_replaces_none_unasked(
    database: Database, broker: BrokerClient, rrmq: Rrmq, tmp_path: Path
) -> None:
    job = submit_file(database, lines([3]))
    play(database, broker)
    path = tmp_path / "report.html"
    result = rrmq("report", job, "-o", str(path))
    assert result.exception is None
    assert re.fullmatch(rf"{path}: [\d.]+kB, 1 of 1 tournament\n", result.stderr)
    first = path.read_bytes()
    assert first.startswith(b"<!doctype html>")
    assert first.rstrip().endswith(b"</html>")
    again = rrmq("report", job, "-o", str(path))
    assert isinstance(again.exception, UsageFault)
    assert "--force" in again.exception.spelled(flag)
    assert rrmq("report", job, "-o", str(path), "--force").exception is None
    assert isinstance(rrmq("report", job, "-o", str(tmp_path / "x.pdf")).exception, UsageFault)
    assert list(tmp_path.iterdir()) == [path]
