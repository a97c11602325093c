"""`rrmq leaderboard --control --by --matrix` on real Postgres, over HTTP and from Python."""

import json
from collections.abc import Callable
from math import log
from typing import Any

import pytest
from click.testing import CliRunner, Result
from kit.http_server import http_server, is_problem, settings_of
from kit.jobs import submit_file
from kit.replays import as_lines, judge_all

import rrm_queue
from rrm_queue.broker.app import create_app
from rrm_queue.broker.client import BrokerClient, redis_client
from rrm_queue.cli.main import rrmq as main
from rrm_queue.domain import JobId
from rrm_queue.errors import UsageFault
from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import Database

Printed = Callable[..., Result]
MODELS = ("brief", "long", "plain")


def file() -> bytes:
    """Thirty prompts in two subsets; `long` writes some four times more than the others."""
    items = []
    for number in range(30):
        right = MODELS[number % 3]
        texts = {
            name: "Because. " * ((40 if name == "long" else 10) + (number * place) % 7)
            + f"It is {int(name == right)}."
            for place, name in enumerate(MODELS)
        }
        items.append(
            {
                "id": f"t{number}",
                "prompt": f"Which is it, {number}?",
                "subset": "even" if number % 2 == 0 else "odd",
                "candidates": [
                    {
                        "id": name,
                        "text": text + f" ({name})",
                        "generator": name,
                        "gold": int(name == right),
                    }
                    for name, text in texts.items()
                ],
            }
        )
    return as_lines(items)


@pytest.fixture(scope="module")
def job(module_database: Database, servers: Addresses) -> JobId:
    client = redis_client(servers.broker_url)
    client.flushall()
    app = create_app(servers.broker_url)
    judge = {"kind": "simulated", "argument": "0.9"}
    made = submit_file(
        module_database,
        file(),
        strategy="elo",
        judge=judge,
        reference=False,
    )
    judge_all(module_database, BrokerClient(lambda: app, client))
    app.close()
    client.close()
    return made


@pytest.fixture(autouse=True)
def settings(
    module_database: Database, servers: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RRMQ_DATABASE_URL", module_database.url)
    monkeypatch.setenv("RRMQ_BROKER_URL", servers.broker_url)


@pytest.fixture
def rrmq() -> Printed:
    def run(*line: str, columns: int = 100) -> Result:
        env = {"COLUMNS": str(columns)}
        result = CliRunner().invoke(main, line, env=env, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result

    return run


def shape_of(rrmq: Printed, *line: str) -> Any:
    return json.loads(rrmq("leaderboard", *line, "--json").stdout)


def test_the_raw_rating_stands_beside_the_controlled_one(rrmq: Printed, job: JobId) -> None:
    shape = shape_of(rrmq, job, "--control", "style")
    assert shape["control"]["kind"] == "style"
    names = [effect["feature"] for effect in shape["control"]["effects"]]
    assert names == ["length", "headers", "list items", "bold"]
    raw = {row["generator"]: row["bt"] for row in shape["generators"]}
    for row in shape["control"]["generators"]:
        assert row["low"] < row["bt"] < row["high"]
        assert row["generator"] in raw
    shown = rrmq("leaderboard", job, "--control", "length").stdout
    assert "with control for length" in shown
    assert "raw BT" in shown
    assert "more length: a standard deviation multiplies the odds" in shown
    plain = shape_of(rrmq, job)
    assert plain["control"] is plain["subsets"] is plain["meetings"] is None
    assert plain["generators"] == shape["generators"]


def test_each_subset_has_a_leaderboard_of_its_own(rrmq: Printed, job: JobId) -> None:
    shape = shape_of(rrmq, job, "--by", "subset")
    assert [one["subset"] for one in shape["subsets"]] == ["even", "odd"]
    assert [one["tournaments"] for one in shape["subsets"]] == [15, 15]
    for key in ("matches", "wins", "draws", "losses"):
        total = sum(row[key] for one in shape["subsets"] for row in one["generators"])
        assert total == sum(row[key] for row in shape["generators"])
    shown = rrmq("leaderboard", job, "--by", "subset").stdout
    assert "subset even: 45 matches in 15 tournaments" in shown


def test_the_matrix_adds_up_to_the_leaderboard(rrmq: Printed, job: JobId) -> None:
    shape = shape_of(rrmq, job, "--matrix")
    assert [(one["first"], one["second"]) for one in shape["meetings"]] == [
        ("brief", "long"), ("brief", "plain"), ("long", "plain"),
    ]  # fmt: skip
    wins = {row["generator"]: row["wins"] for row in shape["generators"]}
    counted = dict.fromkeys(wins, 0)
    for one in shape["meetings"]:
        counted[one["first"]] += one["wins"]
        counted[one["second"]] += one["losses"]
    assert counted == wins
    for columns in (40, 100):
        shown = rrmq("leaderboard", job, "--matrix", columns=columns).stdout
        assert max(map(len, shown.splitlines()[-5:])) <= columns


def test_http_and_python_say_the_same(
    module_database: Database, servers: Addresses, rrmq: Printed, job: JobId
) -> None:
    options = ("--control", "length", "--by", "subset", "--matrix", "--no-prior")
    with http_server(settings_of(module_database, servers)) as server:
        client = server.client()
        path = f"/v1/jobs/{job}/leaderboard"
        query = {"control": "length", "by": "subset", "matrix": "true", "prior": "false"}
        assert (
            client.get(path, params=query).text
            == rrmq("leaderboard", job, *options, "--json").stdout
        )
        is_problem(client.get(path, params={"control": "colour"}), 422)
    shape = shape_of(rrmq, job, *options)
    found = rrm_queue.leaderboard(job, control="length", by_subset=True, matrix=True, prior=False)
    controlled = found.to_frame("controlled")
    assert controlled["bt"].tolist() == [row["bt"] for row in shape["control"]["generators"]]
    raw = {row["generator"]: row["bt"] for row in shape["generators"]}
    assert controlled["raw_bt"].tolist() == [raw[name] for name in controlled["generator"]]
    assert len(found.to_frame("subsets")) == 6
    assert found.to_frame("matrix")["matches"].sum() == shape["matches"]


def test_rewards_are_given_with_and_without_control(rrmq: Printed, job: JobId) -> None:
    """An answer that is longer than the others owes to that what the leaderboard says of length."""
    line = ("export", job, "--as", "rewards", "--reward", "bt")
    plain = [json.loads(row) for row in rrmq(*line).stdout.splitlines()]
    rewards = [json.loads(row) for row in rrmq(*line, "--control", "length").stdout.splitlines()]
    assert [row["reward"] for row in rewards] == [row["reward"] for row in plain]
    [effect] = shape_of(rrmq, job, "--control", "length")["control"]["effects"]

    def logit(chance: float) -> float:
        return log(chance / (1 - chance))

    for row in rewards:
        group = [one for one in rewards if one["tournament"] == row["tournament"]]
        own = len(row["answer"])
        lengths = [len(one["answer"]) for one in group if one is not row]
        lead = sum((own - other) / (own + other + 1) for other in lengths) / len(lengths)
        owed = effect["coefficient"] / effect["scale"] * lead
        assert logit(row["reward"]) - logit(row["controlled"]) == pytest.approx(owed, abs=1e-9)
    from_python = rrm_queue.export(job, "rewards", reward="bt", control="length")
    assert list(map(dict, from_python)) == rewards
    by_default = rrmq("export", job, "--as", "rewards", "--control", "length")
    assert [json.loads(line) for line in by_default.stdout.splitlines()] == rewards
    with pytest.raises(UsageFault):
        rrmq("export", job, "--as", "rewards", "--reward", "elo", "--control", "length")


def test_what_does_not_go_together_is_said(
    rrmq: Printed, job: JobId, module_database: Database
) -> None:
    with pytest.raises(UsageFault, match="--json"):
        rrmq("leaderboard", job, "--csv", "--matrix")
    with pytest.raises(UsageFault):
        rrmq("leaderboard", job, "--soft", "--control", "style")
    with pytest.raises(UsageFault, match="length or style"):
        rrm_queue.leaderboard(job, control="colour")
    bare = as_lines([{"id": "x", "prompt": "Which?", "candidates": ["a", "b"]}])
    without = submit_file(module_database, bare, id="ba9876543210", reference=False)
    with pytest.raises(UsageFault, match="names no subsets"):
        rrmq("leaderboard", without, "--by", "subset")
    assert shape_of(rrmq, without, "--control", "style")["control"]["generators"] == []
