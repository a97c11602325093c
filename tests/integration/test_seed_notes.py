"""What submit and doctor say of a seed that an engine ignores, as workers tell it in Valkey."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.leases import WorkerLeases
from rrm_queue.cli.main import rrmq as main
from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import Database

QUEUE = "rrmq.judge.tiny"
NO_EFFECT = "does not repeat the judge's texts"


@pytest.fixture
def environment(database: Database, servers: Addresses) -> dict[str, str]:
    return {"RRMQ_DATABASE_URL": database.url, "RRMQ_BROKER_URL": servers.broker_url}


def announce(broker: BrokerClient, worker: str, *, ignores_seeds: bool) -> WorkerLeases:
    leases = WorkerLeases(broker.client, worker)
    leases.announce({QUEUE: 8}, "tiny (sglang 0.5)", ignores_seeds=ignores_seeds)
    return leases


def warned(environment: dict[str, str], folder: Path, *options: str) -> str:
    """What submit writes beside its result."""
    file = folder / "one.jsonl"
    file.write_text(json.dumps({"prompt": "2 + 2?", "candidates": ["4", "5"]}))
    line = ["submit", str(file), "--new", "--judge", "sglang:tiny", *options]
    done = CliRunner().invoke(main, line, env=environment)
    assert done.exit_code == 0, done.output
    return done.stderr


def test_submit_says_that_a_seed_has_no_effect_only_where_it_is_so(
    broker: BrokerClient, environment: dict[str, str], tmp_path: Path
) -> None:
    assert NO_EFFECT not in warned(environment, tmp_path, "--seed", "7"), "no worker lives"
    announce(broker, "repeats", ignores_seeds=False)
    assert NO_EFFECT not in warned(environment, tmp_path, "--seed", "7")
    ignoring = announce(broker, "ignores", ignores_seeds=True)
    [said] = warned(environment, tmp_path, "--seed", "7").splitlines()
    assert "--seed 7 draws pairs and orders" in said
    assert NO_EFFECT in said
    assert "`rrmq worker --deterministic`" in said
    assert NO_EFFECT not in warned(environment, tmp_path), "nobody gave a seed"
    for unused in ("temperature=0", "seed="):
        options = ("--seed", "7", "--sampling", unused)
        assert NO_EFFECT not in warned(environment, tmp_path, *options)
    ignoring.withdraw([QUEUE])
    assert NO_EFFECT not in warned(environment, tmp_path, "--seed", "7")


def test_doctor_says_it_of_the_workers(broker: BrokerClient, environment: dict[str, str]) -> None:
    def detail() -> str:
        done = CliRunner().invoke(main, ["doctor", "--json"], env=environment)
        assert done.exit_code == 0, done.output
        checks = json.loads(done.stdout)["checks"]
        return str(next(one["detail"] for one in checks if one["name"] == "judge sglang:tiny"))

    announce(broker, "me", ignores_seeds=True)
    assert "a job's seed does not repeat their texts" in detail()
    announce(broker, "me", ignores_seeds=False)
    assert detail() == "1 live worker, 8 matches at once"
