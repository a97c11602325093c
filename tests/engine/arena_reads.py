"""Rates files of battles by arena-rank, as its users do, and prints the ratings as JSON.

Runs with the engine's Python: `arena_reads.py FILE...`.
"""

import json
import sys
from pathlib import Path

import pandas as pd
from arena_rank.models.bradley_terry import BradleyTerry
from arena_rank.utils.data_utils import PairDataset

READERS = {
    ".jsonl": lambda path: pd.read_json(path, lines=True),
    ".csv": pd.read_csv,
    ".parquet": pd.read_parquet,
}


def ratings(file: str) -> dict[str, float]:
    battles = PairDataset.from_pandas(READERS[Path(file).suffix](file))
    model = BradleyTerry(n_competitors=len(battles.competitors))
    found = model.compute_ratings_and_cis(battles)
    return dict(zip(found["competitors"], map(float, found["ratings"]), strict=True))


if __name__ == "__main__":
    print(json.dumps([ratings(file) for file in sys.argv[1:]]))
