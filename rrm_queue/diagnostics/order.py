"""How the order of presentation influences a judge."""

from dataclasses import dataclass

import numpy as np

from rrm_queue.columns import FIRST, TIE, Votes
from rrm_queue.diagnostics.rates import Rate, clustered, sums

EVEN = 0.5
"""The share of wins of the answer shown first, for a judge without a preference for a slot."""


@dataclass(frozen=True, slots=True)
class SlotBias(Rate):
    """Position bias: the share of decided votes that the answer shown first won, `n` of them.

    0.5 for a judge without a preference for a slot, provided that each pair is shown equally often
    in either order, or that the order does not depend on quality, as in the balanced and random
    orders. With the fixed order it mixes bias and quality (Zheng et al., arXiv 2306.05685, 3.3;
    Wang et al., Large Language Models are not Fair Evaluators, arXiv 2305.17926).
    """


@dataclass(frozen=True, slots=True)
class FlipRate(Rate):
    """How often a judge contradicts itself when the two answers change places.

    Of the `n` pairs of votes of one match in opposite orders, both with a verdict, the share that
    disagree. 1 minus this rate is the consistency of Zheng et al. (arXiv 2306.05685, table 2). It
    includes chance: a judge that samples contradicts itself in the same order as well, so compare
    it with 1 minus `VoteAgreement` over the same votes.
    """


def slot_bias(votes: Votes) -> SlotBias:
    """How often slot 1 wins; matches are the clusters of its interval."""
    parts, total = votes.parts()
    result = clustered(
        sums(votes.verdicts == FIRST, parts, total), sums(votes.verdicts > TIE, parts, total)
    )
    return SlotBias(result.estimate, result.low, result.high, result.n)


def flip_rate(votes: Votes) -> FlipRate:
    """How often two orders disagree; matches are the clusters of its interval."""
    parts, total = votes.parts()
    said = votes.winners()
    agreeing = np.zeros(total)
    for verdict in range(3):  # tie, first and second are three answers
        straight = sums((said == verdict) & ~votes.swapped, parts, total)
        agreeing += straight * sums((said == verdict) & votes.swapped, parts, total)
    straight = sums((said >= TIE) & ~votes.swapped, parts, total)
    pairs = straight * sums((said >= TIE) & votes.swapped, parts, total)
    result = clustered(pairs - agreeing, pairs)
    return FlipRate(result.estimate, result.low, result.high, result.n)
