"""The recorded battles that ratings are compared on, and what other packages say of them."""

import json
from pathlib import Path

import numpy as np
import pytest

from rrm_queue.ratings.columns import Columns

SHARED = Path(__file__).parents[3] / "shared" / "data"
DATASETS = ("llmfao_crowd", "food", "simple")
WINNERS = {"tie": 0, "left": 1, "right": 2}


def rows(name: str) -> list[dict[str, str]]:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return [json.loads(line) for line in path.read_text().splitlines()]


def battles(dataset: str) -> tuple[list[str], Columns]:
    """The items' names and the battles in recorded order."""
    held = rows(f"battles_{dataset}.jsonl")
    names = sorted({row[side] for row in held for side in ("left", "right")})
    numbers = {name: number for number, name in enumerate(names)}
    return names, Columns(
        len(names),
        np.array([numbers[row["left"]] for row in held]),
        np.array([numbers[row["right"]] for row in held]),
        np.array([WINNERS[row["winner"]] for row in held], np.uint8),
    )


def reference(dataset: str, method: str, names: list[str], key: str = "score") -> np.ndarray:
    """What the method of this name's beginning says of each item."""
    said = {
        row["item"]: float(row[key])
        for row in rows("ratings_reference.jsonl")
        if row["dataset"] == dataset and row["method"].startswith(method)
    }
    assert len(said) == len(names)
    return np.array([said[name] for name in names])
