"""Ratings with control for style equal arena-rank's on the recorded battles."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kit.recorded_battles import battles, rows
from kit.replays import as_lines

from rrm_queue.ratings.controlled import controlled_ratings
from rrm_queue.ratings.style import FEATURES, style_differences, style_of
from rrm_queue.views.style import Control

READER = Path(__file__).with_name("arena_controls.py")
WINNERS = {"left": "model_a", "right": "model_b", "tie": "tie"}


def test_arena_rank_controls_for_style_as_we_do(engine_python: Path, tmp_path: Path) -> None:
    """8,931 judgements of 59 models' answers: the same features, neither with a penalty."""
    prompts: list[Any] = list(rows("many_llmfao_60cand.jsonl"))
    styles = {
        (prompt["id"], answer["id"]): style_of(answer["text"], Control.STYLE)
        for prompt in prompts
        for answer in prompt["candidates"]
    }
    held = rows("battles_llmfao_crowd.jsonl")
    features, scales = style_differences(
        *(
            np.array([styles[row["prompt_id"], row[side]] for row in held], np.float64)
            for side in ("left_id", "right_id")
        )
    )
    names = [f"f{number}" for number in range(features.shape[1])]
    file = tmp_path / "battles.jsonl"
    file.write_bytes(
        as_lines(
            {
                "model_a": row["left"],
                "model_b": row["right"],
                "winner": WINNERS[row["winner"]],
                **dict(zip(names, cells, strict=True)),
            }
            for row, cells in zip(held, features.tolist(), strict=True)
        )
    )
    done = subprocess.run(
        [engine_python, READER, file, *names], check=True, capture_output=True, text=True
    )
    theirs = json.loads(done.stdout)
    models, columns = battles("llmfao_crowd")
    ours = controlled_ratings(
        models, columns, features, scales, FEATURES[Control.STYLE],
        np.arange(len(columns)), prior=False,
    )  # fmt: skip
    assert [one.coefficient for one in ours.effects] == pytest.approx(theirs["effects"], abs=1e-4)
    mean = float(np.mean(list(theirs["ratings"].values())))
    assert {row.generator: row.bt for row in ours.rows} == pytest.approx(
        {name: points - mean + 1000 for name, points in theirs["ratings"].items()}, abs=0.05
    )
