"""Which pair tells most next, and whether enough is known: rules over the posterior."""

from collections.abc import Mapping
from math import erfc, sqrt
from typing import Protocol

import numpy as np

from rrm_queue.strategies.adaptive_posterior import (
    Floats,
    Posterior,
    Whole,
    apart,
    differences,
    information,
    laplacian,
    row,
)

MARGIN = 0.1
"""Logits by which a candidate has to be better to count: a vote then prefers it in 52.5 %."""

_erfc = np.vectorize(erfc, otypes=[float])


class Rule(Protocol):
    """A goal: how much each pair's next match tells about it, and how sure it is already."""

    def worth(self, state: Posterior) -> Floats:
        """The worth of a match of each pair, n by n; what it is measured in does not matter."""

    def confidence(self, state: Posterior) -> Floats:
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
        leader = state.leader
        rivals = _normal(-row(gaps, leader) / row(deviations, leader))
        _with_one(rivals, leader)
        both = rivals[..., :, None] * rivals[..., None, :]
        weights = both * _density(gaps / deviations) / deviations
        weights *= 1 - np.eye(weights.shape[-1])
        return _variance_taken(state, gaps, weights)

    def confidence(self, state: Posterior) -> Floats:
        """The probability that nobody is better than the leader by more than MARGIN, at least.

        The product over its rivals of the chance that each is not. The differences share the
        leader's strength, so the chance that none is at all is higher.
        """
        gaps, deviations = _differences(state)
        leader = state.leader
        ahead = _normal((row(gaps, leader) + MARGIN) / row(deviations, leader))
        _with_one(ahead, leader)
        return np.asarray(ahead.prod(-1))


class Ordering:
    """Ranks all candidates: a match is worth what it tells about the strengths of its own pair."""

    def worth(self, state: Posterior) -> Floats:
        """The information of a match, times the variance of what it is about."""
        variances = state.variances()
        return information(differences(state.means), variances) * variances

    def confidence(self, state: Posterior) -> Floats:
        """The expected share of all pairs in the right order, or not further apart than MARGIN."""
        gaps, deviations = _differences(state)
        upper = (..., *np.triu_indices(gaps.shape[-1], 1))
        right = _normal((np.abs(gaps[upper]) + MARGIN) / deviations[upper])
        return np.asarray(right.mean(-1))


RULES: Mapping[str, Rule] = {"best": Best(), "order": Ordering()}
"""By the goal of `adaptive`."""


def _with_one(values: Floats, number: Whole) -> None:
    """Puts 1 in the place of a candidate, which is no rival of itself."""
    np.put_along_axis(values, number[..., None], 1.0, -1)


def _differences(state: Posterior) -> tuple[Floats, Floats]:
    """Means and standard deviations of all differences; 1 on the diagonal of the latter."""
    variances = state.variances()
    size = variances.shape[-1]
    variances[..., range(size), range(size)] = 1.0
    return differences(state.means), np.sqrt(variances)


def _variance_taken(state: Posterior, gaps: Floats, weights: Floats) -> Floats:
    """What a match of each pair takes from the weighted sum of all differences' variances.

    With the Laplacian of the weights the sum is its trace with the covariance, which a match
    changes by a matrix of rank one (Sherman and Morrison).
    """
    inner, variances = state.covariance[..., :-1, :-1], state.variances()
    told = information(gaps, variances)
    moved = inner @ laplacian(weights) @ inner
    taken: Floats = told / (1 + told * variances) * apart(moved)
    return taken


def _normal(values: Floats) -> Floats:
    """The cumulative standard normal distribution."""
    below: Floats = _erfc(-values / sqrt(2)) / 2
    return below


def _density(values: Floats) -> Floats:
    """The density of the standard normal distribution, up to a factor."""
    density: Floats = np.exp(-(values**2) / 2)
    return density
