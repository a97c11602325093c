"""Bradley-Terry ratings of generators with control for features of their answers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array, diags_array

from rrm_queue.ratings.bradley_terry import POINTS, PRIOR_DRAWS
from rrm_queue.ratings.columns import Columns
from rrm_queue.ratings.comparability import comparability
from rrm_queue.ratings.elo import INITIAL
from rrm_queue.ratings.intervals import MANY, NORMAL
from rrm_queue.ratings.ranks import ranked
from rrm_queue.ratings.studentized import deviates

Numbers = NDArray[np.float64]

SEPARATED = 10.0
"""A coefficient beyond this, in logits a standard deviation, grows without end."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a feature does: log odds of winning a standard deviation of it, with its 95 % interval.

    `scale` is that deviation, of the feature as `style_differences` has it.
    """

    feature: str
    coefficient: float
    low: float
    high: float
    scale: float


@dataclass(frozen=True, slots=True)
class ControlledRating:
    """A generator's rating if all answers had the same features; points of Elo's scale, mean 1000.

    `low` to `high` is its 95 % interval.
    """

    generator: str
    bt: float
    low: float
    high: float
    rank: int


@dataclass(frozen=True, slots=True)
class ControlledRatings:
    """The ratings by rank, and the effect of each feature."""

    rows: tuple[ControlledRating, ...]
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class _Model:
    """A logistic regression: a row is a match or a draw of the prior, the last columns features."""

    design: csr_array
    scores: Numbers
    weights: Numbers
    candidates: int
    features: int
    ridge: float

    @property
    def penalty(self) -> Numbers:
        """The prior of the features, and a curvature of the mean, of which results say nothing."""
        size = self.design.shape[1]
        curvature = np.zeros((size, size))
        curvature[: self.candidates, : self.candidates] = 1 / self.candidates
        places = np.arange(size - self.features, size)
        curvature[places, places] = self.ridge
        return curvature

    def loss(self, values: Numbers) -> float:
        """The negative logarithm of the posterior, and its derivatives below."""
        logits = self.design @ values
        fit = self.weights * (np.logaddexp(0, logits) - self.scores * logits)
        return float(fit.sum() + values @ self.penalty @ values / 2)

    def gradient(self, values: Numbers) -> Numbers:
        found: Numbers = self.design.T @ -self.surprises(values) + self.penalty @ values
        return found

    def curvature(self, values: Numbers) -> Numbers:
        chances = self._chances(values)
        each = diags_array(self.weights * chances * (1 - chances))
        found: Numbers = (self.design.T @ each @ self.design).toarray() + self.penalty
        return found

    def surprises(self, values: Numbers) -> Numbers:
        found: Numbers = self.weights * (self.scores - self._chances(values))
        return found

    def _chances(self, values: Numbers) -> Numbers:
        chances: Numbers = 1 / (1 + np.exp(-(self.design @ values)))
        return chances


def controlled_ratings(
    names: Sequence[str],
    columns: Columns,
    features: Numbers,
    scales: Numbers,
    titles: Sequence[str],
    clusters: NDArray[np.int64],
    *,
    prior: bool = True,
) -> ControlledRatings:
    """Ratings and effects fitted together: the logit of a win is r_i - r_j + features . effects.

    That is the model of Chatbot Arena's style control (Li, Angelopoulos and Chiang 2024) and of
    arena-rank's contextual Bradley-Terry. `features` has a row a match and a column for each of
    `titles`, from the view of its first candidate; `clusters` numbers the tournaments from 0. With
    `prior` the ratings have that of the leaderboard and the effects a normal one with a standard
    deviation of 1; without it both are plain maximum likelihood, and ValueError is raised where
    that is not finite. The intervals are the sandwich over tournaments; while there are few, the
    wider of it and of that of independent matches.
    """
    if not prior and not comparability(columns.wins()).estimable:
        raise ValueError("without a prior these results have no finite Bradley-Terry ratings")
    model = _model(columns, features, prior=prior)
    start = np.zeros(model.design.shape[1])
    fit = minimize(
        model.loss, start, jac=model.gradient, hess=model.curvature, method="trust-exact",
        options={"gtol": 1e-7},
    ).x  # fmt: skip
    if np.abs(fit[-model.features :]).max() > SEPARATED:
        raise ValueError("without a prior the features have no finite effect")
    margins = _margins(model, fit, clusters)
    points = POINTS * (fit[: columns.size] - fit[: columns.size].mean()) + INITIAL
    reach = POINTS * margins[: columns.size]
    cells = (points, points - reach, points + reach, np.array(ranked(points)))
    rows = [
        ControlledRating(*row)
        for row in zip(names, *(column.tolist() for column in cells), strict=True)
    ]
    found, wide = fit[-model.features :], margins[-model.features :]
    parts = (found, found - wide, found + wide, scales)
    effects = [Effect(*one) for one in zip(titles, *(part.tolist() for part in parts), strict=True)]
    rows.sort(key=lambda row: (row.rank, -row.bt, row.generator))
    return ControlledRatings(tuple(rows), tuple(effects))


def _model(columns: Columns, features: Numbers, *, prior: bool) -> _Model:
    """The regression; with the prior each candidate has draws with one average candidate."""
    size, count, played = columns.size, features.shape[1], len(columns)
    extra = size if prior else 0
    firsts = np.concatenate((columns.firsts, np.arange(extra)))
    seconds = np.concatenate((columns.seconds, np.full(extra, size)))
    width = size + bool(prior) + count
    rows = np.arange(played + extra)
    cells = np.concatenate((np.ones(len(rows)), -np.ones(len(rows)), features.ravel()))
    places = (
        np.concatenate((rows, rows, np.repeat(np.arange(played), count))),
        np.concatenate((firsts, seconds, np.tile(np.arange(width - count, width), played))),
    )
    design = csr_array((cells, places), shape=(len(rows), width))
    scores = np.concatenate((columns.scores, np.full(extra, 0.5)))
    weights = np.concatenate((np.ones(played), np.full(extra, PRIOR_DRAWS)))
    return _Model(design, scores, weights, size, count, float(prior))


def _margins(model: _Model, fit: Numbers, clusters: NDArray[np.int64]) -> Numbers:
    """Half the width of each value's 95 % interval, in logits; ratings less their mean."""
    inverse = np.linalg.inv(model.curvature(fit)).astype(np.float64)
    inverse[: model.candidates] -= inverse[: model.candidates].mean(axis=0)
    total, played = int(clusters.max()) + 1, len(clusters)
    alone = inverse @ (model.curvature(fit) - model.penalty) @ inverse.T
    variances = np.diag(alone)
    degrees = np.inf
    if total > 1:
        each = csr_array((model.surprises(fit)[:played], (clusters, np.arange(played))))
        gradients = each @ model.design[:played]
        together = np.diag(inverse @ (gradients.T @ gradients).toarray() @ inverse.T)
        together = together * total / (total - 1)
        variances = together if total >= MANY else np.maximum(together, variances)
        degrees = total - 1
    return (deviates(NORMAL, np.array(degrees)) * np.sqrt(np.maximum(variances, 0))).astype(
        np.float64
    )
