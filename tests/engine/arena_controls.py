"""Rates battles with control for features by arena-rank, and prints what it finds as JSON.

Runs with the engine's Python: `arena_controls.py FILE FEATURE...`. The file has a battle a line,
with a column for each feature; they are taken as they are, without a penalty.
"""

import json
import sys

import pandas as pd
from arena_rank.models.contextual_bradley_terry import ContextualBradleyTerry
from arena_rank.utils.data_utils import ContextualPairDataset

if __name__ == "__main__":
    path, *features = sys.argv[1:]
    battles = ContextualPairDataset.from_pandas(
        pd.read_json(path, lines=True), features, reweighted=False, normalize_features=False
    )
    model = ContextualBradleyTerry(
        len(battles.competitors), len(features), reg=0.0, max_iter=10_000, ftol=1e-15, gtol=1e-10
    )
    found = model.compute_ratings_and_cis(battles)
    ratings = dict(zip(found["competitors"], map(float, found["ratings"]), strict=True))
    print(json.dumps({"ratings": ratings, "effects": list(map(float, found["coeffs"]))}))
