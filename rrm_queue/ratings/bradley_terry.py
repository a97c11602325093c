"""Bradley-Terry ratings that stay finite on any results, on the scale of Elo."""

import math
from dataclasses import dataclass

import evalica
import numpy as np
from numpy.typing import NDArray

from rrm_queue.ratings.columns import Columns, in_order, index
from rrm_queue.ratings.comparability import comparability
from rrm_queue.ratings.elo import BASE, INITIAL, SCALE

PRIOR_DRAWS = 2.0
"""Draws of each candidate with a fictitious average one; two count as a win and a loss."""

TOLERANCE = 1e-6
"""Evalica stops when a sweep changes the strengths by less; about 1e-4 points in the ratings."""

SWEEPS = 1000
"""The most sweeps: a tournament takes 10 to 40, one of 300 without a single upset 280."""

FINE = 1e-10
"""The tolerance where ratings are reported with intervals, not made in a coordinator's walk."""

FINE_SWEEPS = 20_000

POINTS = SCALE / math.log(BASE)
"""Points of Elo's scale in a logit."""


@dataclass(frozen=True, slots=True)
class Strengths:
    """A fit: each candidate's rating in `points`, mean 1000.

    `average` is where the prior's fictitious candidate stands, None without a prior.
    """

    points: NDArray[np.float64]
    average: float | None


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
    points: NDArray[np.float64] = POINTS * np.log(in_order(result)[:average])
    return points + (INITIAL - float(points.mean()))


def strengths(
    wins: NDArray[np.float64], prior_draws: float = PRIOR_DRAWS, tolerance: float = FINE
) -> Strengths:
    """The ratings of `bradley_terry` from a matrix of wins (`Columns.wins`), to more digits.

    With `prior_draws` 0 it is the plain maximum likelihood estimate (Bradley and Terry 1952), which
    choix and Chatbot Arena report. Raises ValueError where that is not finite: when some candidates
    never lost to the rest (Ford 1957).
    """
    size = len(wins)
    if not prior_draws and not comparability(wins).estimable:
        raise ValueError("without a prior these results have no finite Bradley-Terry ratings")
    firsts, seconds = np.nonzero(wins)
    everyone = np.arange(size if prior_draws else 0)
    result = evalica.bradley_terry(
        np.concatenate((firsts, everyone)),
        np.concatenate((seconds, np.full_like(everyone, size))),
        np.repeat(
            np.array((evalica.Winner.X, evalica.Winner.Draw), np.uint8),
            (len(firsts), len(everyone)),
        ),
        index=index(size + bool(prior_draws)),
        weights=np.concatenate((wins[firsts, seconds], np.full(len(everyone), prior_draws))),
        tolerance=tolerance,
        limit=FINE_SWEEPS,
    )
    points = POINTS * np.log(in_order(result))
    points += INITIAL - float(points[:size].mean())
    return Strengths(points[:size], float(points[size]) if prior_draws else None)


def expected(points: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """The chance of each rating against the other's."""
    chances: NDArray[np.float64] = 1 / (1 + np.exp((others - points) / POINTS))
    return chances
