"""The cluster bootstrap: ratings of resampled tournaments."""

import numpy as np
from numpy.typing import NDArray

from rrm_queue.ratings.bradley_terry import PRIOR_DRAWS, TOLERANCE, strengths
from rrm_queue.ratings.columns import Columns
from rrm_queue.seeds import derive

ROUNDS = 1000


def resampled(
    columns: Columns,
    clusters: NDArray[np.int64],
    seed: int,
    rounds: int = ROUNDS,
    prior_draws: float = PRIOR_DRAWS,
) -> NDArray[np.float64]:
    """Bradley-Terry ratings of `rounds` resamples: a row a resample, a column a candidate.

    Each resample draws as many clusters (numbered from 0) as there are, with replacement, and takes
    each with all its rows: the pairs cluster bootstrap (Cameron, Gelbach and Miller 2008). Rows are
    drawn one by one when each is a cluster of its own. The quantiles of a column are the
    percentile interval. The draws come from NumPy's RandomState, whose streams never change.
    """
    chance = np.random.RandomState(derive(seed, "resampling") % 2**32)
    total = int(clusters.max(initial=-1)) + 1
    ratings = np.empty((rounds, columns.size))
    for number in range(rounds):
        counts = np.bincount(chance.randint(0, total, total), minlength=total)[clusters]
        wins = columns.weighted_wins(counts.astype(np.float64))
        ratings[number] = strengths(wins, prior_draws, TOLERANCE).points
    return ratings
