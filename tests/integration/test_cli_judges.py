"""`rrmq judges`, and what `submit` says and stores of a judge, on real Postgres and Valkey."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from kit.jobs import lines

from rrm_queue.broker.client import BrokerClient
from rrm_queue.cli.main import rrmq as main
from rrm_queue.cli.options.flags import flag
from rrm_queue.errors import BadInput, UsageFault
from rrm_queue.local.stack import Addresses
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

Rrmq = Callable[..., Result]

SLOTS = "{{ question }}\n{{ answer_1 }}\n{{ answer_2 }}\n"
OPENAI = ("--judge", "openai:m")


@pytest.fixture
def rrmq(
    database: Database,
    servers: Addresses,
    broker: BrokerClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Rrmq:
    monkeypatch.chdir(tmp_path)
    environment = {
        "RRMQ_DATABASE_URL": database.url,
        "RRMQ_BROKER_URL": servers.broker_url,
        "RRMQ_HOME": str(tmp_path / "home"),
    }
    Path("answers.jsonl").write_bytes(lines([2, 2]))

    def run(*line: str) -> Result:
        return CliRunner().invoke(main, line, env=environment, standalone_mode=False)

    return run


def test_judges_are_listed_with_dialect_and_origin(rrmq: Rrmq) -> None:
    Path("judges").mkdir()
    Path("judges/mine.toml").write_text("model = 'openai:m'\ndialect = 'scores'")
    shown = [json.loads(line) for line in rrmq("judges", "--json").stdout.splitlines()]
    found = {judge["name"]: (judge["dialect"], judge["source"]) for judge in shown}
    assert found["mine"] == ("scores", "judges/mine.toml")
    assert found["mt-bench"] == ("brackets", "built in")
    assert found["rrm-7b"] == ("boxed", "built in")


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_prompt_that_never_asks_for_its_mark_is_warned_of(rrmq: Rrmq, dry_run: bool) -> None:
    Path("p.jinja").write_text(f"Compare. End with [[A]], [[B]] or [[C]] for a tie.\n---\n{SLOTS}")
    also = ("--dry-run",) if dry_run else ()
    options = ("submit", "answers.jsonl", *OPENAI, "--template", "p.jinja", *also)
    warned = rrmq(*options)
    assert warned.exception is None
    assert "never asks for \\boxed{" in warned.stderr
    assert "--dialect" in warned.stderr
    right = rrmq(*options, "--dialect", "brackets", "--new")
    assert right.exception is None
    assert "never asks" not in right.stderr


def test_a_job_stores_what_its_judges_file_says(database: Database, rrmq: Rrmq) -> None:
    done = rrmq("submit", "answers.jsonl", "--judge", "mt-bench@openai:m", "--no-thinks", "--json")
    assert done.exception is None
    with database.begin() as tx:
        judge = tx.scalar(text("SELECT judge FROM jobs"))
    assert judge["name"] == "mt-bench"
    assert (judge["dialect"], judge["thinks"], judge["max_tokens"]) == ("brackets", False, 2048)
    assert "[[C]]" in judge["template"]


def test_criteria_come_from_the_job_or_from_each_prompt(database: Database, rrmq: Rrmq) -> None:
    rows = [json.loads(line) for line in Path("answers.jsonl").read_text().splitlines()]
    rows[0]["criteria"] = "be short"
    Path("own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Path("c.md").write_text("be right")
    judge = ("--judge", "criteria@openai:m")
    refused = rrmq("submit", "own.jsonl", *judge)
    assert isinstance(refused.exception, BadInput)
    assert "`criteria` is missing" in refused.exception.spelled(flag)
    assert "--criteria" in refused.exception.spelled(flag)
    assert rrmq("submit", "own.jsonl", *judge, "--criteria", "c.md").exception is None
    with database.begin() as tx:
        assert tx.scalar(text("SELECT judge ->> 'criteria' FROM jobs")) == "be right"
        stored = tx.scalars(text("SELECT criteria FROM tournaments ORDER BY id")).all()
    assert stored == ["be short", None]


def test_criteria_for_a_prompt_without_a_place_are_refused(rrmq: Rrmq) -> None:
    Path("c.md").write_text("be right")
    refused = rrmq("submit", "answers.jsonl", *OPENAI, "--criteria", "c.md")
    assert isinstance(refused.exception, UsageFault)
    assert "has no place for criteria" in str(refused.exception)
