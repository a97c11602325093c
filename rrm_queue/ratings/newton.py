"""Bradley-Terry's maximum likelihood by Newton's method, for few candidates."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

STEPS = 100
"""The most steps; results take 5 to 10."""

_LAST = 1e-6
"""A step, in logits, after which the ratings are exact: what is left is about its square."""

_NOISE = 1e-12
"""The share of a likelihood that may be rounding: a step that lowers it by no more is taken."""


def bradley_terry_logits(wins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each candidate's rating in logits, mean 0, from how often the row's beat the column's.

    The likelihood is concave, and has its maximum at a finite place where the results join all
    candidates by wins in both directions (Ford 1957); otherwise ratings grow with each step.
    """
    pairs = _Pairs.of(wins)
    ratings = np.zeros(len(wins))
    if not len(pairs.ones):
        return ratings
    likelihood = pairs.likelihood(ratings)
    for _ in range(STEPS):
        step = pairs.step(ratings)
        while True:  # a step that goes too far is halved
            ahead = ratings + step
            found = pairs.likelihood(ahead)
            if found >= likelihood * (1 + _NOISE) or np.abs(step).max() < _LAST:
                break
            step /= 2
        ratings, likelihood = ahead, found
        if np.abs(step).max() < _LAST:
            break
    return ratings


class _Pairs(NamedTuple):
    """The pairs that met, each once: most pairs of a bracket did not."""

    ones: NDArray[np.int64]
    twos: NDArray[np.int64]
    won: NDArray[np.float64]
    lost: NDArray[np.float64]

    @classmethod
    def of(cls, wins: NDArray[np.float64]) -> Self:
        """Those of a matrix of wins."""
        ones, twos = np.nonzero(np.triu(wins + wins.T, 1))
        return cls(ones, twos, wins[ones, twos], wins[twos, ones])

    def likelihood(self, ratings: NDArray[np.float64]) -> float:
        """The logarithm of the results' likelihood with these ratings."""
        lead = ratings[self.ones] - ratings[self.twos]
        both = np.log1p(np.exp(-np.abs(lead)))
        won, lost = both + np.maximum(-lead, 0), both + np.maximum(lead, 0)
        return -float(self.won @ won + self.lost @ lost)

    def step(self, ratings: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where the likelihood's parabola at these ratings has its top; their mean stays."""
        size, lead = len(ratings), ratings[self.ones] - ratings[self.twos]
        # Both chances by themselves: one less the other would lose the digits of a small one.
        chances, others = 1 / (1 + np.exp(-lead)), 1 / (1 + np.exp(lead))
        gains = self.won * others - self.lost * chances
        weights = (self.won + self.lost) * chances * others
        slope = np.bincount(self.ones, gains, size) - np.bincount(self.twos, gains, size)
        sums = np.bincount(self.ones, weights, size) + np.bincount(self.twos, weights, size)
        curvature = np.diag(sums)
        curvature[self.ones, self.twos] = curvature[self.twos, self.ones] = -weights
        curvature += sums.sum() / size or 1.0  # the likelihood says nothing of the mean
        step: NDArray[np.float64] = np.linalg.solve(curvature, slope)
        step -= step.mean()
        return step
