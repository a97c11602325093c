"""The statistics from Python: equal to the command's JSON, typed, and as data frames."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from kit.jobs import lines, play, submit_file
from kit.replays import as_lines

import rrm_queue
from rrm_queue.broker.app import create_app
from rrm_queue.broker.client import BrokerClient, redis_client
from rrm_queue.cli.main import rrmq as main
from rrm_queue.domain import JobId
from rrm_queue.errors import JobNotFound, UsageFault
from rrm_queue.exports import KINDS
from rrm_queue.local.stack import Addresses
from rrm_queue.ratings.leaderboard import LeaderboardRow
from rrm_queue.store.database import Database

Printed = Callable[..., Any]


@pytest.fixture(scope="module")
def environment(module_database: Database, servers: Addresses) -> dict[str, str]:
    return {
        "RRMQ_DATABASE_URL": module_database.url,
        "RRMQ_BROKER_URL": servers.broker_url,
    }


@pytest.fixture(scope="module")
def jobs(module_database: Database, servers: Addresses) -> list[JobId]:
    """A round robin and a knockout of the same answers, whose models are named."""
    client = redis_client(servers.broker_url)
    client.flushall()
    app = create_app(servers.broker_url)
    items = [json.loads(line) for line in lines([4, 5, 3]).splitlines()]
    for item in items:
        for number, candidate in enumerate(item["candidates"]):
            candidate["generator"] = f"model {number}"
    file = as_lines(items)
    made = [
        submit_file(module_database, file, id=f"{strategy[:1]}23456789abc", strategy=strategy)
        for strategy in ("elo", "knockout")
    ]
    play(module_database, BrokerClient(lambda: app, client))
    app.close()
    client.close()
    return made


@pytest.fixture(autouse=True)
def settings(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def printed() -> Printed:
    def run(*line: str) -> Any:
        result = CliRunner().invoke(main, line, standalone_mode=False)
        assert not result.exception, result.exception
        found = [json.loads(row) for row in result.stdout.splitlines()]
        return found[0] if "--json" in line else found

    return run


def test_a_leaderboard_is_the_commands(jobs: list[JobId], printed: Printed) -> None:
    found = rrm_queue.leaderboard(jobs[0][:5])
    shape = printed("leaderboard", jobs[0], "--json")
    assert found.job.id == jobs[0]
    assert all(isinstance(row, LeaderboardRow) for row in found.rows)
    frame = found.to_frame()
    assert frame.columns.tolist() == list(shape["generators"][0])
    for name in ("generator", "matches", "bt", "low", "rank_high", "winless"):
        assert frame[name].tolist() == [row[name] for row in shape["generators"]]
    assert any("matches in 3 tournaments" in note for note in found.notes)


def test_a_diagnosis_is_the_commands(jobs: list[JobId], printed: Printed) -> None:
    found = rrm_queue.diagnose(jobs[0])
    shape = printed("diagnose", jobs[0], "--json")
    frame = found.to_frame()
    assert frame["name"].tolist() == [one["name"] for one in shape["findings"]]
    assert frame["n"].tolist() == [one["n"] for one in shape["findings"]]
    assert found.to_frame("labels").empty
    with pytest.raises(UsageFault, match="half"):
        rrm_queue.diagnose(jobs[0], ties="never")


def test_a_comparison_is_the_commands(jobs: list[JobId], printed: Printed) -> None:
    found = rrm_queue.compare(*jobs)
    shape = printed("compare", *jobs, "--json")
    assert found.shared == shape["shared"] > 0
    assert found.agreement.same.estimate == shape["agreement"]["estimate"] == 1
    assert found.to_frame()["generator"].tolist() == [g["generator"] for g in shape["generators"]]
    assert found.to_frame("disagreements").empty


def test_an_export_is_the_commands_rows(
    jobs: list[JobId], printed: Printed, tmp_path: Path
) -> None:
    for kind in KINDS:
        rows = rrm_queue.export(jobs[0][:4], kind)
        shown = printed("export", jobs[0], "--as", kind)
        assert [dict(row) for row in rows] == shown
        assert len(rows.to_frame()) == len(shown)
        assert rows.to_frame().columns.tolist() == list(rows.columns)
    decided = rrm_queue.export(jobs[0], "preferences", pairs="decided", most=2)
    assert [row["chosen_id"] for row in decided] == [
        row["chosen_id"]
        for row in printed(
            "export", jobs[0], "--as", "preferences", "--pairs", "decided", "--most", "2"
        )
    ]
    written = decided.write(tmp_path / "pairs.parquet")
    assert written.rows == len(pd.read_parquet(tmp_path / "pairs.parquet")) == 6
    with pytest.raises(UsageFault, match="is there already"):
        decided.write(tmp_path / "pairs.parquet")


def test_a_report_says_of_the_job_what_its_page_says(jobs: list[JobId], tmp_path: Path) -> None:
    found = rrm_queue.report(jobs[0])
    assert found.summary.sentences[0] == "All 3 tournaments have a result."
    assert found.leaderboard is not None
    assert found.leaderboard.rows == rrm_queue.leaderboard(jobs[0]).rows
    assert found.to_frame().columns.tolist() == ["name", "value"]
    written = found.write(tmp_path / "report.html", texts=False)
    page = (tmp_path / "report.html").read_text()
    assert (written.tournaments, written.size) == (3, len(page.encode()))
    assert found.summary.sentences[0] in page
    assert callable(rrm_queue.report), "no module hides the function"


def test_what_does_not_exist_is_said_at_the_call(jobs: list[JobId]) -> None:
    for ask in (rrm_queue.leaderboard, rrm_queue.diagnose, rrm_queue.report):
        with pytest.raises(JobNotFound):
            ask("ffff")
    with pytest.raises(JobNotFound):
        rrm_queue.export("ffff", "best")
    with pytest.raises(UsageFault, match="no kind of export is called 'worst': best"):
        rrm_queue.export(jobs[0], "worst")
    with pytest.raises(UsageFault, match="best-worst, decided"):
        rrm_queue.export(jobs[0], "preferences", pairs="all")
    with pytest.raises(UsageFault, match="does not go with"):
        rrm_queue.export(jobs[0], "best", pairs="decided")


def test_no_statistics_are_loaded_before_they_are_called(environment: dict[str, str]) -> None:
    code = (
        "import sys, rrm_queue; rrm_queue.leaderboard, rrm_queue.submit, rrm_queue.export; "
        "sys.exit('pandas' in sys.modules or 'scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | environment, check=False)
    assert done.returncode == 0
