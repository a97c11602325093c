"""What the order of presentation does to a judge."""

from dataclasses import dataclass

import numpy as np

from rrm_queue.diagnostics.rates import Rate, clustered, sums
from rrm_queue.diagnostics.votes import FIRST, TIE, Votes

EVEN = 0.5
"""The share of wins that slot 1 has with a judge without a preference for a place."""


@dataclass(frozen=True, slots=True)
class SlotBias(Rate):
    """Position bias: the share of decided votes that the answer shown first won, `n` of them.

    0.5 for a judge without a preference for a place, provided that each pair is shown equally often
    either way or that who stands first does not depend on quality, as in the balanced and random
    orders; with the fixed order it mixes bias and quality (Zheng et al., arXiv 2306.05685, 3.3;
    Wang et al., Large Language Models are not Fair Evaluators, arXiv 2305.17926).
    """

    @property
    def biased(self) -> bool:
        """Whether the interval leaves 0.5 out."""
        return not self.low <= EVEN <= self.high


@dataclass(frozen=True, slots=True)
class FlipRate(Rate):
    """How often a judge contradicts itself when the two answers change places.

    Of the `n` pairs of votes of one match in opposite orders, both with a verdict, the share that
    disagree on it; 1 less it is the consistency of Zheng et al. (arXiv 2306.05685, table 2). Chance
    plays in it too: a judge that samples contradicts itself in the same order as well, so compare
    it with 1 less `VoteAgreement`, over the same votes.
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
