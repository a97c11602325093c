"""Student's t and the studentized range, from the normal distribution alone."""

from functools import lru_cache
from math import erf, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

CONFIDENCE = 0.95

_NORMAL = NormalDist()
_FEWEST = 3.0
"""The fewest degrees of freedom for which the expansions below are good to three digits."""

_STEPS = 400


def deviates(normal: float, degrees: Numbers) -> Numbers:
    """The quantile of Student's t at the level at which the normal distribution's is `normal`.

    Abramowitz and Stegun 26.7.5; `degrees` below 3 count as 3.
    """
    z, n = normal, np.maximum(degrees, _FEWEST)
    return np.asarray(
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )


def chance_above(ratio: float, degrees: float) -> float:
    """The probability that Student's t is below `ratio`: a difference divided by its error.

    Abramowitz and Stegun 26.7.8.
    """
    n = max(degrees, _FEWEST)
    return _NORMAL.cdf(ratio * (1 - 1 / (4 * n)) / sqrt(1 + ratio**2 / (2 * n)))


@lru_cache(maxsize=64)
def all_pairs(size: int) -> float:
    """How many standard errors all differences of `size` ratings stay within, at 95 %.

    The studentized range's quantile divided by √2, for many degrees of freedom: 1.96 for two
    ratings, 3.16 for ten. By Tukey and Kramer; with unequal errors it is on the safe side.
    """
    low, high = 1.0, 10.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, size) < CONFIDENCE else (low, middle)
    return high


def _within(deviate: float, size: int) -> float:
    """The probability that the range of `size` normal deviates is below √2 times `deviate`."""
    lowest = np.linspace(-8.0, 8.0, _STEPS + 1)
    between = _cdf(lowest + sqrt(2) * deviate) - _cdf(lowest)
    density = np.exp(-(lowest**2) / 2) / sqrt(2 * np.pi)
    return float(np.sum(size * density * between ** (size - 1)) * 16 / _STEPS)


def _cdf(deviates: Numbers) -> Numbers:
    return np.array([(1 + erf(deviate / sqrt(2))) / 2 for deviate in deviates.tolist()])
