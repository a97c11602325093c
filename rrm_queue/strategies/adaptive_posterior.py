"""What the matches so far say of the candidates: a normal approximation of the posterior.

Arrays may have axes in front of those that are named, for several tournaments at once.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]

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


class Counts(NamedTuple):
    """How often each pair has met, by the candidates in slots 1 and 2, n by n.

    Matches `decided`, of these the `wins` of slot 1, and matches `waiting` for their result.
    """

    decided: Floats
    wins: Floats
    waiting: Floats


class Posterior(NamedTuple):
    """Strengths in logits: `means` of n candidates, `covariance` of these and of the slot bias.

    Matches that are undecided are in the covariance, as if a result of the expected weight had come
    that says nothing of slots: which answer they show first is not always known yet. `fit` is the
    logarithm of the probability of the results, up to a constant.
    """

    means: Floats
    covariance: Floats
    fit: Floats

    @property
    def leader(self) -> Whole:
        """The candidate with the highest mean; the first of equals."""
        return np.asarray(self.means.argmax(-1))

    def variances(self) -> Floats:
        """The variance of each difference of two strengths, n by n, with zeros on its diagonal."""
        return np.maximum(apart(self.covariance[..., :-1, :-1]), 0.0)


def posterior(size: int, asked: Sequence[Asked]) -> Posterior:
    """The posterior of `size` candidates after these matches.

    Bradley-Terry with a preference b for slot 1: slot 1 wins with probability
    1 / (1 + exp(-(s_first - s_second + b))), with normal priors; a draw is half a win for each. The
    mode by Newton's method and the curvature there (Laplace's approximation).
    """
    return posterior_of(counts(size, asked))


def posterior_of(counted: Counts, spread: float = SPREAD) -> Posterior:
    """The posterior from counts, with this prior standard deviation of strengths in logits."""
    decided, wins, waiting = counted
    mode = _mode(decided, wins, spread)
    expected = _expected(mode)
    curvature = _curvature(decided * expected * (1 - expected), spread)
    fitting = _fit(decided, wins, mode, curvature, spread)
    alike = 1 / (1 + np.exp(-differences(mode[..., :-1])))
    weights = (waiting + waiting.swapaxes(-1, -2)) * alike * (1 - alike)
    curvature[..., :-1, :-1] += laplacian(weights)
    covariance = np.asarray(np.linalg.inv(curvature), np.float64)
    return Posterior(mode[..., :-1], covariance, fitting)


def counts(size: int, asked: Sequence[Asked]) -> Counts:
    """The counts of these matches of `size` candidates."""
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
    return Counts(decided, wins, waiting)


def _fit(decided: Floats, wins: Floats, mode: Floats, curvature: Floats, spread: float) -> Floats:
    """The logarithm of the results' probability under the prior, by Laplace's approximation.

    Without what does not depend on the spread.
    """
    ahead = differences(mode[..., :-1]) + mode[..., -1, None, None]
    likely = (wins * ahead - decided * np.logaddexp(0, ahead)).sum((-1, -2))
    precision = _precision(mode.shape[-1] - 1, spread)
    prior = (np.log(precision) - precision * mode**2).sum(-1) / 2
    fitting: Floats = likely + prior - np.linalg.slogdet(curvature)[1] / 2
    return fitting


def _mode(decided: Floats, wins: Floats, spread: float) -> Floats:
    """The most likely strengths, and behind them the preference for slot 1."""
    *several, size, _ = decided.shape
    mode, precision = np.zeros((*several, size + 1)), _precision(size, spread)
    moving = np.ones((*several, 1), bool)
    for _ in range(STEPS):
        expected = _expected(mode)
        surplus = wins - decided * expected
        slope = np.empty_like(mode)
        slope[..., :-1] = surplus.sum(-1) - surplus.sum(-2)
        slope[..., -1] = surplus.sum((-1, -2))
        slope -= precision * mode
        curvature = _curvature(decided * expected * (1 - expected), spread)
        step = np.linalg.solve(curvature, slope[..., None])[..., 0]
        longest = np.abs(step).max(-1, keepdims=True)
        mode += moving * step * (LONGEST_STEP / np.maximum(longest, LONGEST_STEP))
        moving &= longest >= CONVERGED
        if not moving.any():
            break
    return mode


def with_waiting(state: Posterior, first: Whole | int, second: Whole | int) -> Posterior:
    """The posterior when one more match is waited for."""
    covariance = state.covariance
    moved = row(covariance, first) - row(covariance, second)
    variance = entry(moved, first) - entry(moved, second)
    ahead = entry(state.means, first) - entry(state.means, second)
    weight = information(ahead, variance)
    lost = np.sqrt(weight / (1 + weight * variance))[..., None] * moved
    return state._replace(covariance=covariance - lost[..., :, None] * lost[..., None, :])


def information(ahead: Floats, variance: Floats) -> Floats:
    """The expected Fisher information of a match about a difference of strengths.

    `ahead` and `variance` are those of the difference; the mean of its logistic is approximated as
    MacKay does (Neural Computation 4, 1992).
    """
    chance = 1 / (1 + np.exp(-ahead / np.sqrt(1 + np.pi * variance / 8)))
    return chance * (1 - chance)


def _expected(mode: Floats) -> Floats:
    """The probability that the candidate of the row, in slot 1, beats that of the column."""
    chance: Floats = 1 / (1 + np.exp(-differences(mode[..., :-1]) - mode[..., -1, None, None]))
    return chance


def _precision(size: int, spread: float) -> Floats:
    return np.append(np.full(size, spread**-2), SLOT_SPREAD**-2)


def _curvature(weights: Floats, spread: float) -> Floats:
    """The precision of the posterior; `weights` by the candidates in slots 1 and 2."""
    *several, size, _ = weights.shape
    curvature = np.zeros((*several, size + 1, size + 1))
    curvature[...] = np.diag(_precision(size, spread))
    curvature[..., :-1, :-1] += laplacian(weights + weights.swapaxes(-1, -2))
    leaning = weights.sum(-1) - weights.sum(-2)
    curvature[..., :-1, -1] = curvature[..., -1, :-1] = leaning
    curvature[..., -1, -1] += weights.sum((-1, -2))
    return curvature


def differences(values: Floats) -> Floats:
    """Each value less each other, n by n."""
    found: Floats = values[..., :, None] - values[..., None, :]
    return found


def apart(matrix: Floats) -> Floats:
    """m[i, i] + m[j, j] - 2 m[i, j]: of covariances, the variance of each difference."""
    own = np.diagonal(matrix, axis1=-2, axis2=-1)
    found: Floats = own[..., :, None] + own[..., None, :] - 2 * matrix
    return found


def laplacian(weights: Floats) -> Floats:
    """The graph's Laplacian: the sums of the rows on the diagonal, less the weights."""
    found: Floats = weights.sum(-1)[..., None] * np.eye(weights.shape[-1]) - weights
    return found


def row(matrix: Floats, number: Whole | int) -> Floats:
    """A row of each matrix."""
    return np.take_along_axis(matrix, np.asarray(number)[..., None, None], -2)[..., 0, :]


def entry(values: Floats, number: Whole | int) -> Floats:
    """An entry of each vector."""
    return np.take_along_axis(values, np.asarray(number)[..., None], -1)[..., 0]
