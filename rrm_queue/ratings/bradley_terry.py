"""Bradley-Terry ratings that stay finite on any results, on the scale of Elo."""

import math

import evalica
import numpy as np
from numpy.typing import NDArray

from rrm_queue.ratings.columns import Columns, in_order, index
from rrm_queue.ratings.elo import BASE, INITIAL, SCALE

PRIOR_DRAWS = 2.0
"""Draws of each candidate with a fictitious average one; two count as a win and a loss."""

TOLERANCE = 1e-6
"""Evalica stops when a sweep changes the strengths by less; about 1e-4 points in the ratings."""

SWEEPS = 1000
"""The most sweeps: a tournament takes 10 to 40, one of 300 without a single upset 280."""


def bradley_terry(columns: Columns) -> NDArray[np.float64]:
    """Each candidate's strength as maximum a posteriori, 400 / ln 10 points a logit, mean 1000.

    So the ratings compare with Elo's: 400 points more are odds of 10 to 1. A draw is half a win
    to either side.

    Without a prior there is no finite estimate as soon as some candidates never lost to the rest
    (Ford 1957), as in every knockout. The prior is Newman's (Efficient computation of rankings
    from pairwise comparisons, JMLR 24, 2023, section 5): beating an average candidate is as likely
    to have any chance as any other, which amounts to one win and one loss against it. Evalica's
    weights add those. In a complete round robin the order is that of wins plus half the draws.
    """
    average = columns.size
    candidates = np.arange(columns.size)
    result = evalica.bradley_terry(
        np.concatenate((columns.firsts, candidates)),
        np.concatenate((columns.seconds, np.full_like(candidates, average))),
        np.concatenate((columns.winners, np.full_like(candidates, evalica.Winner.Draw, np.uint8))),
        index=index(columns.size + 1),
        weights=np.repeat((1.0, PRIOR_DRAWS), (len(columns), columns.size)),
        tolerance=TOLERANCE,
        limit=SWEEPS,
    )
    points: NDArray[np.float64] = SCALE / math.log(BASE) * np.log(in_order(result)[:average])
    return points + (INITIAL - float(points.mean()))
