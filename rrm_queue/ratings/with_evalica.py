"""Evalica's ratings, as arrays by candidate number.

Evalica loads pandas, which takes longer than a whole command. So what rates few candidates or few
matches does without it, and imports this module only where there are many.
"""

from functools import lru_cache
from typing import Any

import evalica
import numpy as np
from numpy.typing import NDArray

from rrm_queue.ratings.columns import Columns


def elo_scores(
    columns: Columns, *, initial: float, base: float, scale: float, k: float
) -> NDArray[np.float64]:
    """Each candidate's Elo after the rows in their order."""
    result = evalica.elo(
        columns.firsts,
        columns.seconds,
        columns.winners,
        index=_index(columns.size),
        initial=initial,
        base=base,
        scale=scale,
        k=k,
    )
    return _in_order(result)


def bradley_terry_scores(
    columns: Columns, weights: NDArray[np.float64], *, tolerance: float, sweeps: int
) -> NDArray[np.float64]:
    """Each candidate's strength by maximum likelihood, each row counted `weights` times.

    It stops when a sweep changes the strengths by less than `tolerance`, or after so many sweeps.
    """
    result = evalica.bradley_terry(
        columns.firsts,
        columns.seconds,
        columns.winners,
        index=_index(columns.size),
        weights=weights,
        tolerance=tolerance,
        limit=sweeps,
    )
    return _in_order(result)


@lru_cache(maxsize=64)  # building an index costs as much as rating a small tournament
def _index(size: int) -> Any:
    """Evalica's index (of pandas, which has no types) of 0 to size - 1, matched or not."""
    return evalica.indexing(range(size), range(size))[2]


def _in_order(result: evalica.EloResult | evalica.BradleyTerryResult) -> NDArray[np.float64]:
    """Evalica's scores by candidate number; it sorts them by size."""
    scores = np.empty(len(result.scores))
    scores[result.scores.index.to_numpy()] = result.scores.to_numpy()
    return scores
