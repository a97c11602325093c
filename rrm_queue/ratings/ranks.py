"""Ranks, and the range of ranks that intervals allow."""

import numpy as np
from numpy.typing import NDArray

from rrm_queue.ratings.intervals import Uncertainty
from rrm_queue.ratings.studentized import all_pairs, deviates

TIE = 0.01
"""Bradley-Terry points within which candidates share a rank: far more than the iteration's error,
far less than half a win in the longest round robin."""


def ranked(strengths: NDArray[np.float64]) -> list[int]:
    """The rank of each strength, the highest 1; those within TIE of the first of them share it."""
    order = np.argsort(-strengths, kind="stable").tolist()
    points = strengths.tolist()
    ranks = [1] * len(points)
    leader = order[0]
    for place, candidate in enumerate(order, start=1):
        if points[leader] - points[candidate] > TIE:
            leader, ranks[candidate] = candidate, place
        else:
            ranks[candidate] = ranks[leader]
    return ranks


def rank_range(
    low: NDArray[np.float64], high: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The best and the worst rank of each candidate that the intervals allow.

    Best is 1 plus the number of intervals that lie wholly above: the approximate rank of Chatbot
    Arena (arXiv 2403.04132), its leaderboard's "Rank (UB)". Worst is the number of candidates minus
    the intervals that lie wholly below. Each interval holds at 95 % by itself, as on that
    leaderboard, not all of them at once.
    """
    return 1 + _above(low, high), len(low) - _above(-high, -low)


def simultaneous_ranks(
    points: NDArray[np.float64], uncertainty: Uncertainty
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The best and the worst possible rank of each candidate; all of them hold at once, at 95 %.

    Best is 1 plus the number of candidates that are surely above it, worst the number of candidates
    minus those surely below. Surely: zero is outside the interval of the difference, and the
    intervals of all differences hold at once (Mogstad, Romano, Shaikh and Wilhelm, Inference for
    ranks, 2024; here by Tukey and Kramer).
    """
    gaps = points[:, None] - points[None, :]
    size = len(points)
    sure = gaps > uncertainty.errors * deviates(all_pairs(size), uncertainty.degrees)
    np.fill_diagonal(sure, False)
    return 1 + sure.sum(axis=0), size - sure.sum(axis=1)


def _above(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many intervals lie wholly above each."""
    above: NDArray[np.int64] = (low[None, :] > high[:, None]).sum(axis=1)
    return above
