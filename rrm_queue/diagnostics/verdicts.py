"""How often a judge says something, and how often it says the same again."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from rrm_queue.diagnostics.rates import Rate, clustered, sums
from rrm_queue.diagnostics.votes import NONE, TIE, Votes


@dataclass(frozen=True, slots=True)
class NoVerdictRate(Rate):
    """The share of `n` votes that gave no verdict, for one reason or, `reason` None, for any."""

    reason: str | None


@dataclass(frozen=True, slots=True)
class VoteAgreement(Rate):
    """The chance that two votes of one match say the same: Fleiss's observed agreement (1971).

    Over all `n` pairs of votes of one match with a verdict each, which is unbiased for a match with
    any number of them: a majority's share is not. It says how sure of itself a judge is, not
    whether it is right.
    """

    @property
    def accuracy(self) -> Rate:
        """How often a vote sides with the judge's own leaning, were all matches equally hard.

        The p of agreement = p² + (1 - p)², two votes being independent given the match. Matches of
        unequal difficulty have a lower mean p than this (Jensen), and a judge that always errs the
        same way has 1. It is an accuracy towards the truth only if the leaning is always right.
        """
        return Rate(_leaning(self.estimate), _leaning(self.low), _leaning(self.high), self.n)


def no_verdict_rates(
    votes: Votes, reasons: Sequence[str], codes: NDArray[np.int64]
) -> list[NoVerdictRate]:
    """The rate of votes without a verdict, then that for each reason.

    `codes` gives each vote without a verdict the place of its reason in `reasons`; that of other
    votes is not looked at. Matches are the clusters of the intervals.
    """
    parts, total = votes.parts()
    silent, cast = votes.verdicts == NONE, np.bincount(parts, minlength=total).astype(np.float64)
    kinds = [(None, silent), *((name, silent & (codes == n)) for n, name in enumerate(reasons))]
    rates = [(reason, clustered(sums(rows, parts, total), cast)) for reason, rows in kinds]
    return [NoVerdictRate(r.estimate, r.low, r.high, r.n, reason) for reason, r in rates]


def vote_agreement(votes: Votes) -> VoteAgreement:
    """How often two votes of a match agree; matches are the clusters of its interval."""
    parts, total = votes.parts()
    said = votes.winners()
    spoken = sums(said >= TIE, parts, total)
    agreeing = np.zeros(total)
    for verdict in range(3):
        same = sums(said == verdict, parts, total)
        agreeing += same * (same - 1) / 2
    result = clustered(agreeing, spoken * (spoken - 1) / 2)
    return VoteAgreement(result.estimate, result.low, result.high, result.n)


def _leaning(agreement: float) -> float:
    """The p >= 0.5 of agreement = p² + (1 - p)²; 0.5 where it is less than chance."""
    return (1 + sqrt(max(0.0, 2 * agreement - 1))) / 2
