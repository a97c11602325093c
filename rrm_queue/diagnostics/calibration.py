"""Calibration: whether a judge that is 70 % sure is right in 70 % of such votes."""

from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray

from rrm_queue.columns import FIRST, TIE, Verdicts, Votes
from rrm_queue.diagnostics.rates import Rate, clustered, sums

BINS = 10
"""The reliability table's rows, equally wide."""

FEW = 100
"""With fewer pairs the figures say little; a bin then holds ten of them."""


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The votes whose probability of the answer shown first is from `low` to `high`.

    `mean` is their mean probability, `right` how often the label was for that answer; its interval
    takes pairs as clusters.
    """

    low: float
    high: float
    mean: float
    right: Rate


@dataclass(frozen=True, slots=True)
class Calibration:
    """The probabilities of `votes` votes on `pairs` pairs, compared with labels that are no tie.

    `brier` is the mean squared error (Brier 1950; 0.25 for a judge that always says 0.5), `ece` the
    mean distance of the bins' shares from their mean probability, weighted by votes (Naeini et al.,
    AAAI 2015). `ece_by_chance` is what a perfectly calibrated judge's would be on average in
    samples of this size: a small sample has a large one.
    """

    votes: int
    pairs: int
    brier: float
    ece: float
    ece_by_chance: float
    bins: tuple[ReliabilityBin, ...]

    @property
    def few(self) -> bool:
        """Whether there are too few pairs to tell."""
        return self.pairs < FEW


def calibration(labels: Verdicts, votes: Votes) -> Calibration | None:
    """The calibration over labelled pairs; None where no vote on one carries a probability.

    `votes.matches` are rows of `labels`, and `votes.swapped` is by the pair's own order.
    """
    if votes.probabilities is None:
        return None
    rows = ~np.isnan(votes.probabilities) & (labels[votes.matches] > TIE)
    held, said = votes.where(rows), votes.probabilities[rows]
    if not len(held):
        return None
    right = (labels[held.matches] == FIRST) != held.swapped
    places = np.minimum((said * BINS).astype(np.int64), BINS - 1)
    bins = tuple(
        _bin(place, said[rows], right[rows], held.matches[rows])
        for place in np.unique(places).tolist()
        for rows in (places == place,)
    )
    return Calibration(
        votes=len(held),
        pairs=len(np.unique(held.matches)),
        brier=float(((said - right) ** 2).mean()),
        ece=sum(one.right.n * abs(one.mean - one.right.estimate) for one in bins) / len(held),
        ece_by_chance=sum(map(_by_chance, bins)) / len(held),
        bins=bins,
    )


def _bin(
    place: int, said: NDArray[np.float64], right: NDArray[np.bool_], pairs: NDArray[np.int64]
) -> ReliabilityBin:
    parts = np.unique(pairs, return_inverse=True)[1]
    total = int(parts.max()) + 1
    votes = np.bincount(parts, minlength=total).astype(np.float64)
    share = clustered(sums(right, parts, total), votes)
    return ReliabilityBin(place / BINS, (place + 1) / BINS, float(said.mean()), share)


def _by_chance(one: ReliabilityBin) -> float:
    """The expected distance of a bin's share from its true chance, times its votes.

    The mean absolute deviation of a normal variable is its standard deviation times √(2/π).
    """
    return sqrt(2 / pi * one.right.n * one.mean * (1 - one.mean))
