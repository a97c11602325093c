"""Bradley-Terry's maximum likelihood by Newton's method, for few candidates."""

import numpy as np
from numpy.typing import NDArray

STEPS = 100
"""The most steps; results take 5 to 10."""

_LAST = 1e-6
"""A step, in logits, after which the ratings are exact: what is left is about its square."""


def bradley_terry_logits(wins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each candidate's rating in logits, mean 0, from how often the row's beat the column's.

    The likelihood is concave, and has its maximum at a finite place where the results join all
    candidates by wins in both directions (Ford 1957); otherwise ratings grow with each step.
    """
    played = wins + wins.T
    ratings = np.zeros(len(wins))
    likelihood = _likelihood(wins, ratings)
    for _ in range(STEPS):
        step = _step(wins, played, ratings)
        while True:  # a step that goes too far is halved
            ahead = ratings + step
            found = _likelihood(wins, ahead)
            if found >= likelihood or np.abs(step).max(initial=0) < _LAST:
                break
            step /= 2
        ratings, likelihood = ahead, found
        if np.abs(step).max(initial=0) < _LAST:
            break
    return ratings


def _step(
    wins: NDArray[np.float64], played: NDArray[np.float64], ratings: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where the likelihood's parabola at these ratings has its top; their mean stays."""
    chances = 1 / (1 + np.exp(ratings[None, :] - ratings[:, None]))
    weights = played * chances * (1 - chances)
    sums = weights.sum(axis=1)
    curvature = np.diag(sums) - weights
    curvature += sums.sum() / len(sums) or 1.0  # the likelihood says nothing of the mean
    step: NDArray[np.float64] = np.linalg.solve(curvature, (wins - played * chances).sum(axis=1))
    step -= step.mean()
    return step


def _likelihood(wins: NDArray[np.float64], ratings: NDArray[np.float64]) -> float:
    return -float((wins * np.logaddexp(0, ratings[None, :] - ratings[:, None])).sum())
