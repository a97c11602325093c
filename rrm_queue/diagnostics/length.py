"""Whether a judge favours the longer answer."""

from dataclasses import dataclass
from math import inf, nan

import numpy as np
from numpy.typing import NDArray

from rrm_queue.diagnostics.rates import Rate, clustered, sums
from rrm_queue.diagnostics.small_counts import student

_STEPS = 50


@dataclass(frozen=True, slots=True)
class LongerWins(Rate):
    """The share of `n` decided matches of answers of unequal length that the longer one won.

    Not controlled for quality: longer answers may be better. Only a judge's rate beside people's on
    the same pairs shows a bias (Zheng et al., arXiv 2306.05685, 3.3; Dubois et al.,
    Length-Controlled AlpacaEval, arXiv 2404.04475).
    """


@dataclass(frozen=True, slots=True)
class LengthSlope:
    """The log odds of winning that each doubling of length adds, with its 95 % interval.

    A logistic regression of `n` decided matches on log2 of the ratio of lengths, without intercept,
    so that it does not matter which answer is called first; nothing else is in it, so it is no more
    controlled for quality than the rate is. Infinite when the longer always or never won; NaN when
    all lengths are equal.
    """

    estimate: float
    low: float
    high: float
    n: int


def longer_wins(
    tournaments: NDArray[np.int64],
    lengths: NDArray[np.float64],
    others: NDArray[np.float64],
    winners: NDArray[np.uint8],
) -> LongerWins:
    """How often the longer answer won; tournaments are the clusters of the interval.

    A row is a match: its tournament, the lengths of its two answers, in characters or any unit, and
    1, 2 or 0 for the first, the second or a draw.
    """
    counted = (winners > 0) & (lengths != others)
    parts = np.unique(tournaments, return_inverse=True)[1]
    total = int(parts.max(initial=-1)) + 1
    longer = counted & ((winners == 1) == (lengths > others))
    result = clustered(sums(longer, parts, total), sums(counted, parts, total))
    return LongerWins(result.estimate, result.low, result.high, result.n)


def length_slope(
    tournaments: NDArray[np.int64],
    lengths: NDArray[np.float64],
    others: NDArray[np.float64],
    winners: NDArray[np.uint8],
) -> LengthSlope:
    """What a doubling of length is worth; rows as in `longer_wins`, an empty answer counts as 1.

    The interval is a sandwich with tournaments as clusters (Liang and Zeger 1986) and Student's
    quantile, for there may be few (Cameron, Gelbach and Miller 2008); of one nothing can be said.
    """
    counted = winners > 0
    ratios = np.log2(np.maximum(lengths, 1) / np.maximum(others, 1))[counted]
    # As seen by the winner: the likelihood is that of each winner having won.
    ratios = np.where(winners[counted] == 1, ratios, -ratios)
    if not ratios.any():
        return LengthSlope(nan, -inf, inf, len(ratios))
    if (ratios >= 0).all() or (ratios <= 0).all():
        return LengthSlope(inf if ratios.max() > 0 else -inf, -inf, inf, len(ratios))
    slope = _maximum(ratios)
    parts = np.unique(tournaments[counted], return_inverse=True)[1]
    lose = 1 / (1 + np.exp(slope * ratios))
    gradients = sums(ratios * lose, parts, int(parts.max()) + 1)
    curvature = float((ratios**2 * lose * (1 - lose)).sum())
    if len(gradients) == 1:
        return LengthSlope(slope, -inf, inf, len(ratios))
    freedom = len(gradients) - 1
    spread = float(np.sqrt(len(gradients) / freedom * (gradients**2).sum())) / curvature
    half = student(freedom) * spread
    return LengthSlope(slope, slope - half, slope + half, len(ratios))


def _maximum(ratios: NDArray[np.float64]) -> float:
    """The slope of the greatest likelihood, by Newton's method with its steps halved if need be."""

    def loss(slope: float) -> float:
        return float(np.logaddexp(0, -slope * ratios).sum())

    slope, best = 0.0, loss(0.0)
    for _ in range(_STEPS):
        lose = 1 / (1 + np.exp(slope * ratios))
        step = float((ratios * lose).sum()) / float((ratios**2 * lose * (1 - lose)).sum())
        while (there := loss(slope + step)) > best and abs(step) > 1e-12:
            step /= 2
        slope, best = slope + step, there
        if abs(step) < 1e-10:
            break
    return slope
