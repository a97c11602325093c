"""Intervals of Bradley-Terry ratings, from the curvature and the noise of the likelihood."""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rrm_queue.ratings.bradley_terry import POINTS, PRIOR_DRAWS, Strengths
from rrm_queue.ratings.columns import Columns

Matrix = NDArray[np.float64]

CONFIDENCE = 0.95
DEVIATES = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
"""Standard errors on either side of an estimate: 1.96."""


def information(wins: Matrix, fit: Strengths, prior_draws: float = PRIOR_DRAWS) -> Matrix:
    """The observed information of the ratings in logits: the negative log-posterior's curvature.

    Each match adds p(1 - p) to its two candidates and takes it from their pair; each draw of the
    prior adds it to its candidate. Without a prior the likelihood says nothing of the mean, which
    the ratings hold at 1000; a curvature of the mean is put in so that the matrix has an inverse,
    and `posterior` and `sandwich` take the mean out again.
    """
    chances = expected(fit.points[:, None], fit.points[None, :])
    weights = (wins + wins.T) * chances * (1 - chances)
    curvature: Matrix = np.diag(weights.sum(axis=1)) - weights
    if fit.average is None:
        return curvature + np.mean(np.diag(curvature))
    against = expected(fit.points, np.full_like(fit.points, fit.average))
    return curvature + np.diag(prior_draws * against * (1 - against))


def noise(columns: Columns, fit: Strengths, clusters: NDArray[np.int64]) -> Matrix:
    """The variance of the likelihood's gradient, from what the results of each cluster surprise by.

    `clusters` gives each row of `columns` a number from 0. Rows of a cluster may depend on one
    another in any way; clusters are independent. A number to each row makes it Huber's and White's.
    """
    each = gradients(columns, fit, clusters)
    product: Matrix = (each.T @ each).toarray()
    return product


def gradients(columns: Columns, fit: Strengths, clusters: NDArray[np.int64]) -> csr_array:
    """The likelihood's gradient by each cluster's results: a row a cluster, a column a rating."""
    chances = expected(fit.points[columns.firsts], fit.points[columns.seconds])
    surprise = columns.scores - chances
    shape = (int(clusters.max(initial=-1)) + 1, columns.size)
    sides = np.concatenate((columns.firsts, columns.seconds))
    return csr_array(
        (np.concatenate((surprise, -surprise)), (np.tile(clusters, 2), sides)), shape=shape
    )


def posterior(curvature: Matrix) -> Matrix:
    """The ratings' covariance in logits by Laplace's method: the inverse information, mean fixed.

    Right when the model is: matches independent, their chances as Bradley-Terry has them.
    """
    return mean_fixed(np.linalg.inv(curvature).astype(np.float64))


def sandwich(curvature: Matrix, gradient_noise: Matrix) -> Matrix:
    """The ratings' covariance in logits, true also where the model is not: H⁻¹ G H⁻¹, mean fixed.

    Huber 1967; clusters as Liang and Zeger 1986. Chatbot Arena reports these intervals with each
    match its own cluster (arXiv 2403.04132; the arena-rank package).
    """
    inverse = np.linalg.inv(curvature)
    return mean_fixed(inverse @ gradient_noise @ inverse)


def margins(covariance: Matrix) -> Matrix:
    """Half the width of each candidate's 95 % interval, in points."""
    variances = np.maximum(np.diag(covariance), 0)
    return (POINTS * DEVIATES * np.sqrt(variances)).astype(np.float64)


def expected(points: Matrix, others: Matrix) -> Matrix:
    """The chance of each rating against the other's."""
    chances: Matrix = 1 / (1 + np.exp((others - points) / POINTS))
    return chances


def mean_fixed(covariance: Matrix) -> Matrix:
    """The covariance of the ratings less their mean."""
    half = covariance - covariance.mean(axis=0)
    fixed: Matrix = half - half.mean(axis=1, keepdims=True)
    return fixed
