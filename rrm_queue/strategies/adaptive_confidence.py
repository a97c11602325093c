"""How sure `adaptive` is, without knowing how far apart the candidates are."""

import numpy as np
from numpy.typing import NDArray

from rrm_queue.strategies.adaptive_posterior import Counts, Posterior, posterior_of
from rrm_queue.strategies.adaptive_rule import Rule

SPREADS = (0.4, 0.8, 1.6, 3.2)
"""Standard deviations of strengths, in logits, that are all held possible before the first match.

A vote on two random answers is then right in 61, 69, 80 or 88 of 100 cases.
"""


def sure(rule: Rule, counts: Counts, state: Posterior, confidence: float) -> NDArray[np.bool_]:
    """Whether this confidence is reached: by `state`, and on average over the spreads.

    A judge that hardly tells the answers apart seems to see large differences if they are expected.
    So the confidence under each spread is weighted with the probability of the results under it.
    """
    reached = np.asarray(rule.confidence(state) >= confidence)
    if not reached.any():
        return reached
    states = [posterior_of(counts, spread) for spread in SPREADS]
    fits = np.array([each.fit for each in states])
    weights = np.exp(fits - fits.max(0))
    confidences = np.array([rule.confidence(each) for each in states])
    mean = (weights * confidences).sum(0) / weights.sum(0)
    return np.asarray(reached & (mean >= confidence))
