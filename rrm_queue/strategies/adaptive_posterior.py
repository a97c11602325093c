"""What the matches so far say of the candidates: a normal approximation of the posterior."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SPREAD = 2.0
"""The prior's standard deviation of strengths, in logits: a vote on two random answers is then
right in about four of five cases."""

SLOT_SPREAD = 1.0
"""The prior's standard deviation of the judge's preference for slot 1, in logits."""

DRAWS_OF_EQUALS = 10_000.0
"""Two answers with the same text are as good as each other, as if they had drawn so often."""

STEPS = 20
LONGEST_STEP = 3.0  # logits: a full step may overshoot where all results point one way
CONVERGED = 1e-5


class Asked(NamedTuple):
    """A match: the candidate in slot 1, the one in slot 2, and how much of a win slot 1 has.

    `score` is 1, 0, or 0.5 for a draw; None while it is undecided. `equal`: both are the same text.
    """

    first: int
    second: int
    score: float | None
    equal: bool = False


class Posterior(NamedTuple):
    """Strengths in logits: `means` of n candidates, `covariance` of these and of the slot bias.

    Matches that are undecided are in the covariance, as if a result of the expected weight had come
    that says nothing of slots: which answer they show first is not always known yet.
    """

    means: Floats
    covariance: Floats

    @property
    def leader(self) -> int:
        """The candidate with the highest mean; the first of equals."""
        return int(self.means.argmax())

    def variances(self) -> Floats:
        """The variance of each difference of two strengths, n by n, with zeros on its diagonal."""
        inner = self.covariance[:-1, :-1]
        own = inner.diagonal()
        return np.maximum(own[:, None] + own - 2 * inner, 0.0)


def posterior(size: int, asked: Sequence[Asked]) -> Posterior:
    """The posterior of `size` candidates after these matches.

    Bradley-Terry with a preference b for slot 1: slot 1 wins with probability
    1 / (1 + exp(-(s_first - s_second + b))), with normal priors; a draw is half a win for each. The
    mode by Newton's method and the curvature there (Laplace's approximation).
    """
    decided, wins, waiting = _counts(size, asked)
    mode = _mode(decided, wins)
    expected = _expected(mode)
    curvature = _curvature(decided * expected * (1 - expected))
    alike = 1 / (1 + np.exp(mode[:-1] - mode[:-1, None]))
    weights = (waiting + waiting.T) * alike * (1 - alike)
    curvature[:-1, :-1] += np.diag(weights.sum(1)) - weights
    covariance = np.asarray(np.linalg.inv(curvature), np.float64)
    return Posterior(mode[:-1], covariance)


def _counts(size: int, asked: Sequence[Asked]) -> tuple[Floats, Floats, Floats]:
    """Matches decided, of these the wins of slot 1, and matches waiting, by slots 1 and 2."""
    decided = np.zeros((size, size))
    wins, waiting = np.zeros_like(decided), np.zeros_like(decided)
    for first, second, score, equal in asked:
        if score is None:
            waiting[first, second] += 1.0
        elif equal:  # nobody was asked, so it says nothing of slots
            for slots in ((first, second), (second, first)):
                decided[slots] += DRAWS_OF_EQUALS
                wins[slots] += score * DRAWS_OF_EQUALS
        else:
            decided[first, second] += 1.0
            wins[first, second] += score
    return decided, wins, waiting


def _mode(decided: Floats, wins: Floats) -> Floats:
    """The most likely strengths, and behind them the preference for slot 1."""
    size = len(decided)
    mode, precision = np.zeros(size + 1), _precision(size)
    for _ in range(STEPS):
        expected = _expected(mode)
        surplus = wins - decided * expected
        slope = np.append(surplus.sum(1) - surplus.sum(0), surplus.sum()) - precision * mode
        step = np.linalg.solve(_curvature(decided * expected * (1 - expected)), slope)
        longest = float(np.abs(step).max())
        mode += step * min(1.0, LONGEST_STEP / longest) if longest else step
        if longest < CONVERGED:
            break
    return mode


def with_waiting(state: Posterior, first: int, second: int) -> Posterior:
    """The posterior when one more match is waited for."""
    covariance = state.covariance
    moved = covariance[first] - covariance[second]
    variance = moved[first] - moved[second]
    weight = information(state.means[first] - state.means[second], variance)
    less = np.outer(moved, moved) * (weight / (1 + weight * variance))
    return state._replace(covariance=covariance - less)


def information(ahead: Floats, variance: Floats) -> Floats:
    """The expected Fisher information of a match about a difference of strengths.

    `ahead` and `variance` are those of the difference; the mean of its logistic is approximated as
    MacKay does (Neural Computation 4, 1992).
    """
    chance = 1 / (1 + np.exp(-ahead / np.sqrt(1 + np.pi * variance / 8)))
    return chance * (1 - chance)


def _expected(mode: Floats) -> Floats:
    """The probability that the candidate of the row, in slot 1, beats that of the column."""
    chance: Floats = 1 / (1 + np.exp(mode[:-1] - mode[:-1, None] - mode[-1]))
    return chance


def _precision(size: int) -> Floats:
    return np.append(np.full(size, SPREAD**-2), SLOT_SPREAD**-2)


def _curvature(weights: Floats) -> Floats:
    """The precision of the posterior; `weights` by the candidates in slots 1 and 2."""
    firsts, seconds = weights.sum(1), weights.sum(0)
    curvature = np.diag(_precision(len(weights)))
    curvature[:-1, :-1] += np.diag(firsts + seconds) - weights - weights.T
    curvature[:-1, -1] = curvature[-1, :-1] = firsts - seconds
    curvature[-1, -1] += firsts.sum()
    return curvature
