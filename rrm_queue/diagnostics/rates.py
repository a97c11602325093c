"""Rates with 95 % intervals, for trials that may come in clusters."""

from dataclasses import dataclass
from math import nan, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

DEVIATES = NormalDist().inv_cdf(0.975)
"""Standard errors on either side of an estimate at 95 %: 1.96."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of `n` trials with its 95 % interval; without trials it is NaN, from 0 to 1."""

    estimate: float
    low: float
    high: float
    n: int


def wilson(hits: float, trials: float) -> tuple[float, float]:
    """Wilson's score interval (JASA 22, 1927), which Brown, Cai and DasGupta (2001) recommend.

    It stays within 0 to 1 and is no point when all trials or none hit; without trials it is 0 to 1.
    """
    if trials <= 0:
        return 0.0, 1.0
    share, square = hits / trials, DEVIATES**2
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    spread = share * (1 - share) / trials + square / (4 * trials**2)
    half = DEVIATES * sqrt(max(0.0, spread)) / (1 + square / trials)
    return min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half))


def rate(hits: float, trials: int) -> Rate:
    """The rate of independent trials; a hit may be half a one."""
    low, high = wilson(hits, trials)
    return Rate(hits / trials if trials else nan, low, high, trials)


def clustered(hits: NDArray[np.float64], trials: NDArray[np.float64]) -> Rate:
    """The rate of trials that come in clusters, the sums over one in each place of the arrays.

    The estimate is the ratio of the totals, its variance that of a ratio estimator over clusters
    (Cochran, Sampling Techniques, 3rd ed., section 6.3), and the interval Wilson's with the number
    of independent trials of the same variance (as Korn and Graubard 1998 do for exact intervals):
    never more than there were, and the number of clusters when none or all hit, as then nothing
    shows how clusters differ.
    """
    held = trials > 0
    hits, trials = hits[held], trials[held]
    total, clusters = float(trials.sum()), len(trials)
    if not clusters:
        return rate(0, 0)
    share = float(hits.sum()) / total
    effective = float(min(clusters, total))
    if 0 < share < 1 and clusters > 1:
        factor = clusters / (clusters - 1)
        variance = factor * float(((hits - share * trials) ** 2).sum()) / total**2
        if share * (1 - share) < variance * total:
            effective = share * (1 - share) / variance
        else:
            effective = total
    low, high = wilson(share * effective, effective)
    return Rate(share, low, high, round(total))


def balanced(hits: NDArray[np.float64], trials: NDArray[np.float64]) -> Rate:
    """The rate of clustered trials that may cancel out within a cluster, as votes in both orders.

    As `clustered`, but the interval may be narrower than that of as many independent trials. One
    cluster that cancels out badly is added to the variance, so that it is not 0 where all of them
    cancel out by chance (as Agresti and Min, Statistics in Medicine 24, 2005, add half a pair to
    each cell for a difference of paired proportions).
    """
    held = trials > 0
    hits, trials = hits[held], trials[held]
    total, clusters = float(trials.sum()), len(trials)
    if not clusters:
        return rate(0, 0)
    share = float(hits.sum()) / total
    spread = float(((hits - share * trials) ** 2).sum()) + (total / clusters / 2) ** 2
    effective = max(share * (1 - share), 1 / total) * total**2 / spread
    low, high = wilson(share * effective, effective)
    return Rate(share, low, high, round(total))


def sums(
    values: NDArray[np.float64] | NDArray[np.bool_], parts: NDArray[np.int64], total: int
) -> NDArray[np.float64]:
    """The values added up by part, a part for each of 0 to total - 1."""
    return np.bincount(parts, weights=values.astype(np.float64), minlength=total).astype(np.float64)
