"""How often a judge gives a verdict, and how often it gives the same verdict again."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from rrm_queue.columns import NONE, REASONS, TIE, Votes
from rrm_queue.diagnostics.rates import Rate, clustered, sums


@dataclass(frozen=True, slots=True)
class NoVerdictRate(Rate):
    """The share of `n` votes that gave no verdict, for one reason or, `reason` None, for any."""

    reason: str | None


@dataclass(frozen=True, slots=True)
class VoteAgreement(Rate):
    """The chance that two votes of one match say the same: Fleiss's observed agreement (1971).

    Over all `n` pairs of votes of one match that both have a verdict. It is unbiased for any number
    of votes, which the majority's share is not. It measures how consistent a judge is, not whether
    it is right.
    """

    @property
    def accuracy(self) -> Rate:
        """How often a vote agrees with the judge's own preference, if all matches are equally hard.

        The p of agreement = p² + (1 - p)², two votes being independent given the match. Matches of
        unequal difficulty have a lower mean p than this (Jensen), and a judge that always errs in
        the same way has 1. It is an accuracy towards the truth only if the preference is always
        right.
        """
        estimate, low, high = map(_preference, (self.estimate, self.low, self.high))
        return Rate(estimate, low, high, self.n)


def no_verdict_rates(votes: Votes) -> list[NoVerdictRate]:
    """The rate of votes without a verdict, then the rate for each reason.

    Matches are the clusters of the intervals.
    """
    parts, total = votes.parts()
    silent, cast = votes.verdicts == NONE, np.bincount(parts, minlength=total).astype(np.float64)
    by_reason = ((name, silent & (votes.reasons == n)) for n, name in enumerate(REASONS))
    kinds = [(None, silent), *by_reason]
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


def _preference(agreement: float) -> float:
    """The p >= 0.5 of agreement = p² + (1 - p)²; 0.5 where it is less than chance."""
    return (1 + sqrt(max(0.0, 2 * agreement - 1))) / 2
