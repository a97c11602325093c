"""Cohen's kappa: agreement beyond chance."""

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import NDArray

from rrm_queue.diagnostics.rates import DEVIATES, wilson


@dataclass(frozen=True, slots=True)
class Kappa:
    """Cohen's kappa of `n` pairs of ratings (1960), with its 95 % interval.

    1 is full agreement, 0 what two raters agree by chance who use the categories as often as these
    do. NaN without ratings or when both use one and the same category alone.
    """

    estimate: float
    low: float
    high: float
    n: int


def cohen_kappa(ratings: NDArray[np.int64], others: NDArray[np.int64]) -> Kappa:
    """Kappa of two raters' categories, any numbers; rows of the two belong together.

    The interval is that of Fleiss, Cohen and Everitt (Psychological Bulletin 72, 1969), cut to what
    kappa can be; it takes the rows for independent and many. Where every row agrees, or none, that
    interval is a point: then it is that of the share that agrees (Wilson's), at the same chance
    agreement.
    """
    codes, places = np.unique(np.concatenate((ratings, others)), return_inverse=True)
    n, size = len(ratings), len(codes)
    counts = np.bincount(places[:n] * size + places[n:], minlength=size**2).reshape(size, size)
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    expected = np.outer(rows, columns) / n if n else counts
    apart = 1 - np.eye(size)
    by_chance = float((apart * expected).sum())
    if not by_chance:
        return Kappa(nan, -1.0, 1.0, n)
    kappa = 1 - float((apart * counts).sum()) / by_chance
    agreed = float(np.trace(counts))
    if agreed in {0.0, n}:
        low, high = (1 - (1 - share) * n / by_chance for share in wilson(agreed, n))
        return Kappa(kappa, max(-1.0, low), min(1.0, high), n)
    half = DEVIATES * _deviation(counts / n, kappa) / sqrt(n)
    return Kappa(kappa, max(-1.0, kappa - half), min(1.0, kappa + half), n)


def _deviation(shares: NDArray[np.float64], kappa: float) -> float:
    """The standard deviation of kappa times the root of the number of rows."""
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    chance, same = float(rows @ columns), np.diag(shares)
    agreed = float((same * (1 - (rows + columns) * (1 - kappa)) ** 2).sum())
    # Row i, column j: the share of the column's category in rows and of the row's in columns.
    apart = shares * (columns[:, None] + rows[None, :]) ** 2
    differed = (1 - kappa) ** 2 * float(apart.sum() - np.diag(apart).sum())
    variance = agreed + differed - (kappa - chance * (1 - kappa)) ** 2
    return sqrt(max(0.0, variance)) / (1 - chance)
