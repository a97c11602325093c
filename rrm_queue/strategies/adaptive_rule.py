"""Which pair tells most next, and whether enough is known: rules over the posterior."""

from math import erfc, sqrt
from typing import Protocol

import numpy as np

from rrm_queue.strategies.adaptive_posterior import Floats, Posterior, information

MARGIN = 0.1
"""Logits by which a candidate has to be better to count: a vote then prefers it in 52.5 %."""

_erfc = np.vectorize(erfc, otypes=[float])


class Rule(Protocol):
    """A goal: how much each pair's next match tells about it, and how sure it is already."""

    def worth(self, state: Posterior) -> Floats:
        """The worth of a match of each pair, n by n; what it is measured in does not matter."""

    def confidence(self, state: Posterior) -> float:
        """The probability that what the goal asks for is known."""


class Best:
    """Finds the best candidate.

    A match is worth the variance that it takes from the differences of strengths, each weighted
    with the chance that both of its candidates are as good as the leader, and with the density of
    the difference at zero: how much less variance lowers the chance of an error.
    """

    def worth(self, state: Posterior) -> Floats:
        """The weighted sum of the variances that a match of each pair takes away."""
        gaps, deviations = _differences(state)
        rivals = _normal(-gaps[state.leader] / deviations[state.leader])
        rivals[state.leader] = 1.0
        weights = np.outer(rivals, rivals) * _density(gaps / deviations) / deviations
        np.fill_diagonal(weights, 0.0)
        return _variance_taken(state, gaps, weights)

    def confidence(self, state: Posterior) -> float:
        """The probability that nobody is better than the leader by more than MARGIN, at least.

        The product over its rivals of the chance that each is not. The differences share the
        leader's strength, so the chance that none is at all is higher.
        """
        gaps, deviations = _differences(state)
        ahead = _normal((gaps[state.leader] + MARGIN) / deviations[state.leader])
        return float(np.delete(ahead, state.leader).prod())


class Ordering:
    """Ranks all candidates: a match is worth what it tells about the strengths of its own pair."""

    def worth(self, state: Posterior) -> Floats:
        """The information of a match, times the variance of what it is about."""
        variances = state.variances()
        return information(_gaps(state), variances) * variances

    def confidence(self, state: Posterior) -> float:
        """The expected share of all pairs in the right order, or not further apart than MARGIN."""
        gaps, deviations = _differences(state)
        upper = np.triu_indices(len(gaps), 1)
        return float(_normal((np.abs(gaps[upper]) + MARGIN) / deviations[upper]).mean())


def _gaps(state: Posterior) -> Floats:
    return state.means[:, None] - state.means


def _differences(state: Posterior) -> tuple[Floats, Floats]:
    """Means and standard deviations of all differences; 1 on the diagonal of the latter."""
    variances = state.variances()
    np.fill_diagonal(variances, 1.0)
    return _gaps(state), np.sqrt(variances)


def _variance_taken(state: Posterior, gaps: Floats, weights: Floats) -> Floats:
    """What a match of each pair takes from the weighted sum of all differences' variances.

    With the Laplacian of the weights the sum is its trace with the covariance, which a match
    changes by a matrix of rank one (Sherman and Morrison).
    """
    inner, variances = state.covariance[:-1, :-1], state.variances()
    told = information(gaps, variances)
    moved = inner @ (np.diag(weights.sum(1)) - weights) @ inner
    own = moved.diagonal()
    taken: Floats = told / (1 + told * variances) * (own[:, None] + own - 2 * moved)
    return taken


def _normal(values: Floats) -> Floats:
    """The cumulative standard normal distribution."""
    below: Floats = _erfc(-values / sqrt(2)) / 2
    return below


def _density(values: Floats) -> Floats:
    """The density of the standard normal distribution, up to a factor."""
    density: Floats = np.exp(-(values**2) / 2)
    return density
