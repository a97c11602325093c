"""Intervals of Bradley-Terry ratings and of their differences."""

from statistics import NormalDist

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from rrm_queue.ratings.bradley_terry import POINTS, PRIOR_DRAWS, Strengths, expected
from rrm_queue.ratings.clusters import contributions
from rrm_queue.ratings.columns import Columns
from rrm_queue.ratings.studentized import CONFIDENCE, chance_above, deviates

Matrix = NDArray[np.float64]

NORMAL = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
"""Standard errors on either side of an estimate: 1.96."""

MANY = 20
"""So many clusters say how much clusters differ: Cameron and Miller (2015), 20 to 50."""

TINY = 1e-12
"""What stands for zero where it is divided by."""


class Uncertainty(Struct, frozen=True):
    """How far ratings and their differences may be off.

    `errors` are standard errors in points: of the rating of a candidate, less the mean, on the
    diagonal; of the difference of two candidates elsewhere. `degrees` are Student's degrees of
    freedom of each.
    """

    errors: Matrix
    degrees: Matrix

    def margins(self) -> Matrix:
        """Half the width of each candidate's 95 % interval, in points."""
        margins: Matrix = np.diag(self.errors * deviates(NORMAL, self.degrees))
        return margins

    def above(self, gap: float, one: int, other: int) -> float:
        """The probability that `one` is above `other`, whose rating is `gap` points lower."""
        return chance_above(gap / float(self.errors[one, other]), float(self.degrees[one, other]))


def information(wins: Matrix, fit: Strengths, prior_draws: float = PRIOR_DRAWS) -> Matrix:
    """The observed information of the ratings in logits: the negative log-posterior's curvature.

    Each match adds p(1 - p) to its two candidates and takes it from their pair; each draw of the
    prior adds it to its candidate. Without a prior the likelihood says nothing of the mean, which
    the ratings hold at 1000; a curvature of the mean is put in so that the matrix has an inverse.
    """
    chances = expected(fit.points[:, None], fit.points[None, :])
    weights = (wins + wins.T) * chances * (1 - chances)
    curvature: Matrix = np.diag(weights.sum(axis=1)) - weights
    if fit.average is None:
        return curvature + np.mean(np.diag(curvature))
    return curvature + np.diag(_prior(fit, prior_draws))


def sandwich(inverse: NDArray[np.floating], gradient_noise: Matrix) -> Matrix:
    """The ratings' covariance in logits, true also where the model is not: H⁻¹ G H⁻¹, mean fixed.

    Huber 1967; clusters as Liang and Zeger 1986. Chatbot Arena reports these intervals with each
    match its own cluster (arXiv 2403.04132; the arena-rank package).
    """
    return _mean_fixed(inverse @ gradient_noise @ inverse)


def laplace(curvature: Matrix) -> Uncertainty:
    """Where matches are independent and their chances are as Bradley-Terry has them.

    The covariance is the inverse of the information (Laplace's method).
    """
    variances = _contrasts(_mean_fixed(np.linalg.inv(curvature).astype(np.float64)))
    return Uncertainty(POINTS * np.sqrt(variances), np.full_like(variances, np.inf))


def clustered(
    columns: Columns,
    curvature: Matrix,
    fit: Strengths,
    clusters: NDArray[np.int64],
    prior_draws: float = PRIOR_DRAWS,
) -> Uncertainty:
    """Where the matches of a cluster may depend on one another, and clusters are independent.

    The covariance is the sandwich H⁻¹GH⁻¹, corrected for the residuals of a fit being too small:
    the variance of independent matches times the excess that clusters show, which is the sandwich
    divided by what it would be on average if matches were independent. A candidate of few clusters
    says little about its own excess, which is then drawn towards that of all candidates; that is no
    less than independent matches with as many draws would show. With one cluster it is 1, as in
    `laplace`. The prior's part of the variance has no excess.
    """
    if not clusters.any():
        return laplace(curvature)
    inverse = np.linalg.inv(curvature).astype(np.float64)
    held = contributions(columns, fit, clusters)
    prior = np.diag(_prior(fit, prior_draws))
    found, usual = sandwich(inverse, held.noise()), sandwich(inverse, held.usual_noise(inverse))
    own = _contrasts(found) / np.maximum(_contrasts(usual), TINY)
    overall = max(held.dispersion(columns.scores), float(np.trace(found) / np.trace(usual)))
    effective = held.effective()
    effective = np.minimum(effective[:, None], effective[None, :])
    share = np.clip((effective - 1) / (MANY - 1), 0, 1)
    variances = _contrasts(sandwich(inverse, curvature - prior))
    variances *= share * own + (1 - share) * overall
    variances += _contrasts(sandwich(inverse, prior))
    # One over the degrees of freedom: of the own excess, and of the estimated part of the other.
    rough = share**2 / np.maximum(effective - 1, 1)
    rough += (1 - share**2) * (1 - 1 / overall) / held.degrees()
    return Uncertainty(POINTS * np.sqrt(variances), 1 / np.maximum(rough, TINY))


def resampled_errors(samples: Matrix, clusters: int) -> Uncertainty:
    """Of ratings in points that were made of resamples of so many clusters: a row a resample."""
    variances = _contrasts(_mean_fixed(np.cov(samples, rowvar=False)))
    return Uncertainty(np.sqrt(variances), np.full_like(variances, clusters - 1.0))


def _prior(fit: Strengths, draws: float) -> Matrix:
    """What the prior adds to each candidate's information."""
    if fit.average is None:
        return np.zeros_like(fit.points)
    against = expected(fit.points, np.full_like(fit.points, fit.average))
    return draws * against * (1 - against)


def _contrasts(covariance: Matrix) -> Matrix:
    """The variances of ratings (on the diagonal) and of their differences (elsewhere)."""
    own = np.diag(covariance)
    variances = np.maximum(own[:, None] + own[None, :] - 2 * covariance, 0)
    np.fill_diagonal(variances, np.maximum(own, 0))
    return variances


def _mean_fixed(covariance: Matrix) -> Matrix:
    """The covariance of the ratings less their mean."""
    half = covariance - covariance.mean(axis=0)
    fixed: Matrix = half - half.mean(axis=1, keepdims=True)
    return fixed
