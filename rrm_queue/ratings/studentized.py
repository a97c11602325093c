"""Student's t, from the normal distribution alone, for one difference and for many at once."""

from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

CONFIDENCE = 0.95

_NORMAL = NormalDist()
_FEWEST = 3.0
"""The fewest degrees of freedom for which the expansions below are good to three digits."""


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


def all_pairs(size: int) -> float:
    """How many standard errors all differences of `size` ratings stay within, at 95 %.

    By Bonferroni: 1.96 for two ratings, 3.26 for ten. The studentized range would give 3.16 there,
    but only where all differences share one estimate of their error.
    """
    pairs = max(1, size * (size - 1) // 2)
    return _NORMAL.inv_cdf(1 - (1 - CONFIDENCE) / (2 * pairs))
