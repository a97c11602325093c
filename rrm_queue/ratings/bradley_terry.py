"""Bradley-Terry ratings that stay finite on any results, on the scale of Elo."""

import math

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from rrm_queue.columns import FIRST
from rrm_queue.ratings.columns import Columns
from rrm_queue.ratings.comparability import comparability
from rrm_queue.ratings.elo import BASE, INITIAL, SCALE
from rrm_queue.ratings.newton import bradley_terry_logits

PRIOR_DRAWS = 2.0
"""Draws of each candidate with a fictitious average one; two count as a win and a loss."""

TOLERANCE = 1e-6
"""Evalica stops when a sweep changes the strengths by less; about 1e-4 points in the ratings."""

SWEEPS = 1000
"""The most sweeps: a tournament takes 10 to 40, one of 300 without a single upset 280."""

FINE = 1e-10
"""The tolerance where ratings are reported with intervals, not made in a coordinator's walk."""

FINE_SWEEPS = 20_000

FEW = 300
"""Candidates up to which Newton's method is as fast as Evalica, and needs no pandas."""

POINTS = SCALE / math.log(BASE)
"""Points of Elo's scale in a logit."""


class Strengths(Struct, frozen=True):
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
    return strengths(columns.wins(), tolerance=TOLERANCE, sweeps=SWEEPS).points


def strengths(
    wins: NDArray[np.float64],
    prior_draws: float = PRIOR_DRAWS,
    tolerance: float = FINE,
    sweeps: int = FINE_SWEEPS,
) -> Strengths:
    """The ratings of `bradley_terry` from a matrix of wins (`Columns.wins`), to more digits.

    With `prior_draws` 0 it is the plain maximum likelihood estimate (Bradley and Terry 1952), which
    choix and Chatbot Arena report. Raises ValueError where that is not finite: when some candidates
    never lost to the rest (Ford 1957). `tolerance` and the most `sweeps` are for many candidates:
    few are rated exactly.
    """
    size = len(wins)
    if not prior_draws and not comparability(wins).estimable:
        raise ValueError("without a prior these results have no finite Bradley-Terry ratings")
    if prior_draws:
        wins = np.pad(wins, (0, 1), constant_values=prior_draws / 2)
        wins[size, size] = 0
    few = len(wins) <= FEW
    fit = bradley_terry_logits(wins) if few else _many_logits(wins, tolerance, sweeps)
    points = POINTS * fit
    points += INITIAL - float(points[:size].mean())
    return Strengths(points[:size], float(points[size]) if prior_draws else None)


def _many_logits(wins: NDArray[np.float64], tolerance: float, sweeps: int) -> NDArray[np.float64]:
    """The ratings of many candidates in logits."""
    from rrm_queue.ratings.with_evalica import bradley_terry_scores

    firsts, seconds = np.nonzero(wins)
    columns = Columns(len(wins), firsts, seconds, np.full(len(firsts), FIRST, np.uint8))
    scores = bradley_terry_scores(
        columns, wins[firsts, seconds], tolerance=tolerance, sweeps=sweeps
    )
    logits: NDArray[np.float64] = np.log(scores)
    return logits


def expected(points: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """The chance of each rating against the other's."""
    chances: NDArray[np.float64] = 1 / (1 + np.exp((others - points) / POINTS))
    return chances
