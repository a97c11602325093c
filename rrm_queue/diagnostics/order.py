"""How the order of presentation influences a judge."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rrm_queue.columns import FIRST, TIE, Votes
from rrm_queue.diagnostics.rates import DEVIATES, Rate, balanced, clustered, sums
from rrm_queue.diagnostics.small_counts import heads_at_most

EVEN = 0.5
"""The share of wins of the answer shown first, for a judge without a preference for a slot."""

SIGNIFICANT = 0.05
"""How likely chance alone may be to cause what is called a preference."""


@dataclass(frozen=True, slots=True)
class SlotBias(Rate):
    """Position bias: the share of decided votes that the answer shown first won, `n` of them.

    0.5 for a judge without a preference for a slot, provided that each pair is shown equally often
    in either order, or that the order does not depend on quality, as in the balanced and random
    orders. With the fixed order it mixes bias and quality (Zheng et al., arXiv 2306.05685, 3.3;
    Wang et al., Large Language Models are not Fair Evaluators, arXiv 2305.17926).

    `chance` is the probability that a judge without a preference leans at least as much to one
    slot: the exact sign test of the matches in which one slot has more votes than the other. With
    one vote in either order it is McNemar's exact test (Psychometrika 12, 1947).
    """

    chance: float

    @property
    def seen(self) -> bool:
        """Whether there is a preference that chance alone does not explain, at 5 %."""
        return self.chance <= SIGNIFICANT and not self.low <= EVEN <= self.high


@dataclass(frozen=True, slots=True)
class FlipRate(Rate):
    """How often a judge contradicts itself when the two answers change places.

    Of the `n` pairs of votes of one match in opposite orders, both with a verdict, the share that
    disagree. 1 minus this rate is the consistency of Zheng et al. (arXiv 2306.05685, table 2). It
    includes chance: a judge that samples contradicts itself in the same order as well, see
    `order_effect`.
    """


class OrderEffect(NamedTuple):
    """How many more votes differ in opposite orders than in the same order, with its 95 % interval.

    `sampling` is the share that differs in the same order, over `n` pairs of votes: what sampling
    alone shows. `estimate` is the flip rate minus that, so it may be negative by chance.
    """

    estimate: float
    low: float
    high: float
    sampling: float
    n: int


def slot_bias(votes: Votes) -> SlotBias:
    """How often slot 1 wins; matches are the clusters of its interval."""
    parts, total = votes.parts()
    firsts = sums(votes.verdicts == FIRST, parts, total)
    decided = sums(votes.verdicts > TIE, parts, total)
    result = balanced(firsts, decided)
    leans = 2 * firsts - decided
    chance = _sign_test(int((leans > 0).sum()), int((leans < 0).sum()))
    return SlotBias(result.estimate, result.low, result.high, result.n, chance)


def flip_rate(votes: Votes) -> FlipRate:
    """How often two orders disagree; matches are the clusters of its interval."""
    pairs = _pairs(votes)
    result = clustered(pairs.flips, pairs.across)
    return FlipRate(result.estimate, result.low, result.high, result.n)


def order_effect(votes: Votes) -> OrderEffect | None:
    """What the order adds to the disagreement that sampling causes; matches are the clusters.

    None where no match has two votes in one order: then order and sampling cannot be told apart.
    The variance is that of a difference of two ratio estimators over the same clusters (Cochran,
    Sampling Techniques, 3rd ed., section 6.3).
    """
    pairs = _pairs(votes)
    across, same = pairs.across.sum(), pairs.same.sum()
    held = int(((pairs.across > 0) | (pairs.same > 0)).sum())
    if not across or not same or held < 2:
        return None
    flips, sampling = pairs.flips.sum() / across, pairs.differing.sum() / same
    residuals = (pairs.flips - flips * pairs.across) / across
    residuals -= (pairs.differing - sampling * pairs.same) / same
    half = DEVIATES * float(np.sqrt(held / (held - 1) * (residuals**2).sum()))
    effect = float(flips - sampling)
    return OrderEffect(effect, effect - half, effect + half, float(sampling), int(same))


class _Pairs(NamedTuple):
    """Pairs of votes of each match: in opposite orders, and in one order; all, and differing."""

    across: NDArray[np.float64]
    flips: NDArray[np.float64]
    same: NDArray[np.float64]
    differing: NDArray[np.float64]


def _pairs(votes: Votes) -> _Pairs:
    parts, total = votes.parts()
    said = votes.winners()
    agreeing, alike = np.zeros(total), np.zeros(total)
    for verdict in range(3):  # tie, first and second are three answers
        straight = sums((said == verdict) & ~votes.swapped, parts, total)
        swapped = sums((said == verdict) & votes.swapped, parts, total)
        agreeing += straight * swapped
        alike += straight * (straight - 1) / 2 + swapped * (swapped - 1) / 2
    straight = sums((said >= TIE) & ~votes.swapped, parts, total)
    swapped = sums((said >= TIE) & votes.swapped, parts, total)
    across = straight * swapped
    same = straight * (straight - 1) / 2 + swapped * (swapped - 1) / 2
    return _Pairs(across, across - agreeing, same, same - alike)


def _sign_test(ups: int, downs: int) -> float:
    """The exact two-sided sign test: how likely fair coins are to be at least as one-sided."""
    return min(1.0, 2 * heads_at_most(min(ups, downs), ups + downs))
