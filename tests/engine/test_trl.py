"""Exports through the trainers of TRL that they are meant for: loaded, prepared, one step made."""

import json
import math
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from kit.jobs import play, submit_file

from rrm_queue.broker.client import BrokerClient
from rrm_queue.cli.main import rrmq
from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import Database

READER = Path(__file__).with_name("trl_reads.py")
PREFERENCES = ("--as", "preferences", "--pairs", "decided")
FILES = {
    "strings.jsonl": ("dpo", PREFERENCES),
    "strings.csv": ("dpo", PREFERENCES),
    "strings.parquet": ("dpo", PREFERENCES),
    "messages.jsonl": ("dpo", (*PREFERENCES, "--messages")),
    "messages.parquet": ("dpo", (*PREFERENCES, "--messages")),
    "rewarded.jsonl": ("reward", PREFERENCES),
    "rewarded.parquet": ("reward", (*PREFERENCES, "--messages")),
    "best.jsonl": ("sft", ("--as", "best")),
}
"""What is exported, and the trainer that reads it."""

PROMPT = 'Which is best, "a" or `b`?\n\n{é, 中} =cmd()'
ANSWERS = ["", "None", "No\r\nidea.", '=1+1, I "think";\n\n\\boxed{2}', "Die größte, 👍\ttab"]
"""From the worst to the best, as `play` judges them."""


@pytest.fixture
def read(
    database: Database,
    broker: BrokerClient,
    servers: Addresses,
    engine_python: Path,
    tiny_model: Path,
    tmp_path: Path,
) -> dict[str, dict[str, Any]]:
    """What TRL says of each file."""
    file = json.dumps({"id": "t", "prompt": PROMPT, "candidates": ANSWERS, "reference": "1"})
    job = submit_file(database, file.encode(), strategy="elo", empty="keep")
    play(database, broker)
    environment = {"RRMQ_DATABASE_URL": database.url, "RRMQ_BROKER_URL": servers.broker_url}
    for name, (_, options) in FILES.items():
        line = ["export", job, *options, "-o", str(tmp_path / name)]
        done = CliRunner().invoke(rrmq, line, env=environment, standalone_mode=False)
        assert done.exception is None
    pairs = [f"{tmp_path / name}@{trainer}" for name, (trainer, _) in FILES.items()]
    told = tmp_path / "told.json"
    subprocess.run(
        [engine_python, READER, tiny_model, told, *pairs],
        check=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    return dict(zip(FILES, json.loads(told.read_text()), strict=True))


def test_trl_trains_on_what_was_judged(read: dict[str, dict[str, Any]]) -> None:
    better = [(high, low) for high in range(5) for low in range(high)]
    pairs = [(ANSWERS[chosen], ANSWERS[rejected]) for chosen, rejected in better]
    strings = [
        {
            "prompt_ids": PROMPT,
            "chosen_ids": f"{chosen}<|im_end|>",
            "rejected_ids": f"{rejected}<|im_end|>",
        }
        for chosen, rejected in pairs
    ]
    for name in ("strings.jsonl", "strings.csv", "strings.parquet"):
        assert not read[name]["conversational"]
        assert read[name]["prepared"] == strings
    asked = f"<|im_start|>user\n{PROMPT}<|im_end|>\n<|im_start|>assistant\n"
    messages = [
        {
            "prompt_ids": asked,
            "chosen_ids": f"{chosen}<|im_end|>\n",
            "rejected_ids": f"{rejected}<|im_end|>\n",
        }
        for chosen, rejected in pairs
    ]
    for name in ("messages.jsonl", "messages.parquet"):
        assert read[name]["conversational"]
        assert read[name]["prepared"] == messages
        assert read[name]["as_text"]["prompt"] == asked
    whole = [
        {key: row["prompt_ids"] + row[key] for key in row if key != "prompt_ids"} for row in strings
    ]
    assert read["rewarded.jsonl"]["prepared"] == whole
    assert read["rewarded.parquet"]["conversational"]
    assert read["best.jsonl"]["prepared"] == [{"input_ids": f"{PROMPT}{ANSWERS[-1]}<|im_end|>"}]

    _every_trainer_has_made_a_step(read)
    assert read["strings.parquet"]["rows"] == read["strings.jsonl"]["rows"]
    assert read["messages.parquet"]["rows"] == read["messages.jsonl"]["rows"]


def _every_trainer_has_made_a_step(read: dict[str, dict[str, Any]]) -> None:
    losses = {name: one["loss"] for name, one in read.items()}
    assert all(math.isfinite(loss) and loss > 0 for loss in losses.values())
    for name, (trainer, _) in FILES.items():
        if trainer == "dpo":  # before the first step policy and reference are the same
            assert losses[name] == pytest.approx(math.log(2), abs=1e-3)
