"""`rrmq compare`, over HTTP too: recorded verdicts of two judges, held against the recording."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from kit.http_server import http_server, is_problem, settings_of
from kit.jobs import judged, lines, play, received, submit_file
from kit.replays import as_lines, judge_all, rows
from statsmodels.stats.inter_rater import cohens_kappa

from rrm_queue.actions.app import App
from rrm_queue.actions.compare import compare
from rrm_queue.broker.app import create_app
from rrm_queue.broker.client import BrokerClient, redis_client
from rrm_queue.cli.main import rrmq as main
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.domain import JobId
from rrm_queue.errors import JobNotFound, UsageFault
from rrm_queue.local.stack import Addresses
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

Row = dict[str, Any]
Printed = Callable[..., Result]


@pytest.fixture(scope="module")
def judges() -> list[str]:
    return sorted({row["judge"] for row in rows("replay_llmbar_verdicts.jsonl")})[:2]


@pytest.fixture(scope="module")
def store(module_database: Database, servers: Addresses) -> Iterator[BrokerClient]:
    client = redis_client(servers.broker_url)
    client.flushall()
    app = create_app(servers.broker_url)
    yield BrokerClient(lambda: app, client)
    app.close()
    client.close()


@pytest.fixture(scope="module")
def jobs(
    module_database: Database,
    store: BrokerClient,
    judges: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> list[JobId]:
    """The same pairs by two judges, in the second job with other ids and in another order."""
    pairs = rows("pairwise_llmbar.jsonl")
    straight = [_pair(row, ("a", "b"), ("left", "right")) for row in pairs]
    turned = [_pair(row, ("b", "a"), ("x", "y")) | {"id": f"{row['id']}'"} for row in pairs]
    folder = tmp_path_factory.mktemp("recorded")
    made = []
    for number, (file, ids, tick, judge) in enumerate(
        ((straight, ("left", "right"), "", judges[0]), (turned[::-1], ("y", "x"), "'", judges[1]))
    ):
        recording = folder / f"{number}.jsonl"
        recording.write_bytes(as_lines(_said(judge, ids, tick)))
        options: Row = {
            "judge": {"kind": "replay", "argument": str(recording)},
            "voting": {"resamples": 0},
            "price": {"prompt": 1.0, "completion": 2.0},
        }
        made.append(
            submit_file(
                module_database,
                as_lines(file),
                id=f"{number}23456789abc",
                strategy="pairs",
                reference=False,
                **options,
            )
        )
    judge_all(module_database, store)
    return made


def _pair(row: Row, order: tuple[str, str], ids: tuple[str, str]) -> Row:
    texts = [
        {"id": id_, "text": row[f"response_{side}"], "generator": f"model {side}"}
        for side, id_ in zip(order, ids, strict=True)
    ]
    return {"id": row["id"], "prompt": row["prompt"], "candidates": texts}


def _said(judge: str, ids: tuple[str, str], tick: str) -> list[Row]:
    """What the judge said of the order a, b; `ids` are those of the two answers."""
    a, b = ids
    return [
        {
            "tournament": row["id"] + tick,
            "first": first,
            "second": second,
            "winner": {"a": a, "b": b, None: None}[row["verdict_ab"]],
        }
        for row in rows("replay_llmbar_verdicts.jsonl")
        if row["judge"] == judge
        for first, second in ((a, b), (b, a))
    ]


@pytest.fixture
def rrmq(module_database: Database, servers: Addresses) -> Printed:
    environment = {
        "RRMQ_DATABASE_URL": module_database.url,
        "RRMQ_BROKER_URL": servers.broker_url,
    }

    def run(*line: str, columns: int = 80) -> Result:
        env = environment | {"COLUMNS": str(columns)}
        result = CliRunner().invoke(main, line, env=env, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result

    return run


def test_the_agreement_is_that_of_the_recorded_verdicts(
    rrmq: Printed, jobs: list[JobId], judges: list[str]
) -> None:
    shape = json.loads(rrmq("compare", *jobs, "--json", "--disagreements", "1000").stdout)
    said = {
        judge: {
            row["id"]: ["a", "b", None].index(row["verdict_ab"])
            for row in rows("replay_llmbar_verdicts.jsonl")
            if row["judge"] == judge
        }
        for judge in judges
    }
    ids = [row["id"] for row in rows("pairwise_llmbar.jsonl")]
    table = np.zeros((3, 3))
    np.add.at(table, tuple([said[judge][id_] for id_ in ids] for judge in judges), 1)
    assert shape["shared"] == len(ids) == shape["agreement"]["n"]
    assert shape["agreement"]["estimate"] == pytest.approx(np.trace(table) / len(ids))
    assert shape["kappa"]["estimate"] == pytest.approx(cohens_kappa(table).kappa)
    assert shape["kappa"]["low"] < shape["kappa"]["estimate"] < shape["kappa"]["high"]
    assert shape["outcomes"]["opposite_winners"] == table[0, 1] + table[1, 0]
    assert shape["outcomes"]["same_winner"] == table[0, 0] + table[1, 1]
    differing = {id_ for id_ in ids if said[judges[0]][id_] != said[judges[1]][id_]}
    assert {one["one"]["tournament"] for one in shape["disagreements"]} == differing
    for one in shape["disagreements"]:
        assert one["two"]["tournament"] == one["one"]["tournament"] + "'"
        of_judge = said[judges[0]][one["one"]["tournament"]]
        assert one["one"]["winner"] == ["left", "right", None][of_judge]
    held = {line["generator"]: line for line in shape["generators"]}
    assert held["model a"]["win_rate"] == pytest.approx(
        (table[0].sum() + table[2].sum() / 2) / len(ids)
    )
    assert held["model a"]["other_win_rate"] == pytest.approx(
        (table[:, 0].sum() + table[:, 2].sum() / 2) / len(ids)
    )
    assert [shape[side]["cost"] for side in ("one", "two")] == [0, 0]


def test_the_other_way_round_agrees_as_far(rrmq: Printed, jobs: list[JobId]) -> None:
    one, two = (
        json.loads(rrmq("compare", *order, "--json").stdout) for order in (jobs, jobs[::-1])
    )
    for key in ("shared", "prompts", "agreement", "decided_agreement"):
        assert one[key] == two[key]
    assert (one["one"], one["two"]) == (two["two"], two["one"])
    changes = {row["generator"]: row["change"] for row in two["generators"]}
    assert {row["generator"]: row["change"] for row in one["generators"]} == pytest.approx(
        {name: -change for name, change in changes.items()}
    )


def test_a_terminal_shows_it_in_any_width(rrmq: Printed, jobs: list[JobId]) -> None:
    wide = rrmq("compare", jobs[0][:4], jobs[1][:4], columns=120).stdout
    assert "239 shared matches of 239 prompts" in wide
    assert "same outcome: " in wide
    assert "kappa 0." in wide
    assert "generators on the shared matches" in wide
    narrow = rrmq("compare", *jobs, "--disagreements", "0", columns=40).stdout
    assert max(map(len, narrow.splitlines())) <= 40
    assert "tournament" not in narrow


def test_http_answers_what_the_command_prints(
    module_database: Database, servers: Addresses, rrmq: Printed, jobs: list[JobId]
) -> None:
    with http_server(settings_of(module_database, servers)) as server:
        client = server.client()
        path = f"/v1/jobs/{jobs[0]}/compare/{jobs[1]}"
        assert client.get(path).text == rrmq("compare", *jobs, "--json").stdout
        two = client.get(path, params={"disagreements": 2})
        assert two.text == rrmq("compare", *jobs, "--disagreements", "2", "--json").stdout
        assert len(two.json()["disagreements"]) == 2
        is_problem(client.get(f"/v1/jobs/{jobs[0]}/compare/ffff"), 404)
        is_problem(client.get(f"/v1/jobs/{jobs[0]}/compare/{jobs[0]}"), 422)


def test_what_cannot_be_compared_is_said(
    module_database: Database, store: BrokerClient, rrmq: Printed, jobs: list[JobId]
) -> None:
    other = submit_file(module_database, lines([3]), id="223456789abc")
    play(module_database, store)
    assert "no prompt has judged matches in both jobs" in rrmq("compare", jobs[0], other).stdout
    shape = json.loads(rrmq("compare", jobs[0], other, "--json").stdout)
    assert (shape["shared"], shape["kappa"]["estimate"], shape["generators"]) == (0, None, [])
    with pytest.raises(UsageFault, match="name two jobs"):
        rrmq("compare", jobs[0], jobs[0][:5])
    with pytest.raises(JobNotFound):
        rrmq("compare", jobs[0], "ffff")


def test_a_coin_is_a_draw_and_no_win(
    module_database: Database, store: BrokerClient, rrmq: Printed, tmp_path: Path
) -> None:
    """In a knockout a tie is settled by a coin: the judge said nothing for its winner."""
    file = [
        {"id": f"t{n}", "prompt": f"Say {n}.", "candidates": [{"id": c, "text": c} for c in "ab"]}
        for n in range(3)
    ]
    recording = [
        {"tournament": f"t{n}", "first": "a", "second": "b", "winner": None} for n in (0, 1, 2)
    ]
    (tmp_path / "ties.jsonl").write_bytes(as_lines(recording))
    judge = {"kind": "replay", "argument": str(tmp_path / "ties.jsonl")}
    made = [
        submit_file(
            module_database,
            as_lines(file),
            id=f"{strategy[:1]}00000000000",
            judge=judge,
            strategy=strategy,
            reference=False,
        )
        for strategy in ("knockout", "elo")
    ]
    judge_all(module_database, store)
    shape = json.loads(rrmq("compare", *made, "--json").stdout)
    assert shape["outcomes"]["draw_in_both"] == shape["shared"] == 3
    assert shape["kappa"]["estimate"] is None
    assert "kappa is not defined" in rrmq("compare", *made).stdout


def test_the_disagreements_are_the_same_however_results_arrived(
    database: Database, broker: BrokerClient, servers: Addresses
) -> None:
    """All of them are equally telling."""
    made = {}
    for seed, name in enumerate(("aa", "ab", "ac", "other")):
        made[name] = submit_file(database, lines([8] * 3), id=name, name=name, anew=True)
        arrive(database, broker, random.Random(seed))
    with database.begin() as tx:
        tx.execute(
            text(
                "UPDATE matches SET winner = first + second - winner WHERE tournament_id IN "
                "(SELECT id FROM tournaments WHERE job_id = :job)"
            ),
            {"job": made.pop("other")},
        )
    settings = settings_of(database, servers)
    with App(settings, start=False) as app:
        shown = [
            [(one.tournament, one.round, one.slot) for one, *_ in found.disagreements]
            for found in (compare(app, job, "other", 21) for job in made.values())
        ]
    assert len(shown[0]) == 21
    assert shown == [shown[0]] * len(made)


def arrive(database: Database, broker: BrokerClient, chance: random.Random) -> None:
    """Plays all jobs; results arrive one by one in any order."""
    while dispatch(database, broker):
        for batch in received(broker):
            reports = list(judged(batch).matches)
            chance.shuffle(reports)
            for report in reports:
                record(database, batch.outcomes("test", [report]))
