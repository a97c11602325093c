"""How the ratings of generators change from one judge to another on the same matches."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from rrm_queue.columns import UNNAMED
from rrm_queue.ratings.bradley_terry import POINTS, Strengths, strengths
from rrm_queue.ratings.clusters import contributions
from rrm_queue.ratings.columns import Columns
from rrm_queue.ratings.intervals import NORMAL, Matrix, information
from rrm_queue.ratings.ranks import ranked
from rrm_queue.ratings.studentized import deviates


@dataclass(frozen=True, slots=True)
class RatingChange:
    """A generator's ratings by two judges of the same matches, in points of Elo's scale.

    The win rates count a draw as half a win. `change` is the second Bradley-Terry rating less the
    first, with its 95 % interval `low` to `high`. `moved` is by how many ranks it is higher by the
    second judge; negative where it is lower.
    """

    generator: str
    matches: int
    rank: int
    other_rank: int
    moved: int
    bt: float
    other_bt: float
    change: float
    low: float
    high: float
    win_rate: float
    other_win_rate: float


@dataclass(frozen=True, slots=True)
class RatingChanges:
    """The generators by the first judge's ranks.

    `matches` were counted; `tau` is Kendall's tau-b of the two orders, NaN of one generator.
    """

    rows: tuple[RatingChange, ...]
    matches: int
    tau: float


def rating_changes(
    generators: Sequence[str],
    firsts: NDArray[np.int64],
    seconds: NDArray[np.int64],
    outcomes: tuple[NDArray[np.int64], NDArray[np.int64]],
    clusters: NDArray[np.int64],
) -> RatingChanges:
    """How the generators' ratings change; a row is a match.

    `firsts` and `seconds` are places in `generators` or UNNAMED, `outcomes` are 1, 2 or 0 for the
    first, the second or a draw, by either judge, `clusters` numbers the prompts from 0. Matches
    between two answers of one generator, or with one that is not named, are left out.
    """
    held = (firsts != UNNAMED) & (seconds != UNNAMED) & (firsts != seconds)
    seen = np.unique(np.concatenate((firsts[held], seconds[held])))
    if not len(seen):
        return RatingChanges((), 0, nan)
    sides = (np.searchsorted(seen, firsts[held]), np.searchsorted(seen, seconds[held]))
    one, two = (Columns(len(seen), *sides, said[held].astype(np.uint8)) for said in outcomes)
    parts = np.unique(clusters[held], return_inverse=True)[1]
    ours, others = strengths(one.wins()), strengths(two.wins())
    margin = _margins(one, two, ours, others, parts)
    played = one.wins().sum(axis=1) + one.wins().sum(axis=0)
    ranks, other_ranks = np.array(ranked(ours.points)), np.array(ranked(others.points))
    change = others.points - ours.points
    cells = (
        *(played.astype(np.int64), ranks, other_ranks, ranks - other_ranks),
        *(ours.points, others.points, change, change - margin, change + margin),
        *(one.wins().sum(axis=1) / played, two.wins().sum(axis=1) / played),
    )
    names = [generators[place] for place in seen]
    rows = [
        RatingChange(*row)
        for row in zip(names, *(column.tolist() for column in cells), strict=True)
    ]
    rows.sort(key=lambda row: (row.rank, row.other_rank, row.generator))
    return RatingChanges(tuple(rows), int(held.sum()), tau(ours.points, others.points))


def tau(ratings: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Kendall's tau-b of two ratings of the same things; NaN where either has one value only."""
    one, two = (np.sign(np.subtract.outer(points, points)) for points in (ratings, others))
    both = float(np.abs(one).sum()) * float(np.abs(two).sum())
    return float((one * two).sum()) / sqrt(both) if both else nan


def _margins(
    one: Columns, two: Columns, fit: Strengths, other: Strengths, clusters: NDArray[np.int64]
) -> Matrix:
    """Half the width of each change's 95 % interval, in points.

    The two ratings are correlated, since both judge the same answers: the variance is that of the
    difference of each cluster's influences on them, times c / (c - 1) for c clusters.
    """
    total = int(clusters.max()) + 1
    if total == 1:
        return np.full(one.size, inf)
    (mine, ours), (theirs, others) = (
        _influences(columns, held, clusters) for columns, held in ((one, fit), (two, other))
    )
    spread = np.zeros((one.size, one.size))
    for times, left, right, above, below in (
        (1, mine, mine, ours, ours),
        (1, theirs, theirs, others, others),
        (-2, mine, theirs, ours, others),
    ):
        spread += times * (above.T @ (left.T @ right).toarray() @ below)
    variances = np.maximum(np.diag(spread), 0) * total / (total - 1)
    quantile = deviates(NORMAL, np.array(total - 1))
    return (POINTS * quantile * np.sqrt(variances)).astype(np.float64)


def _influences(
    columns: Columns, fit: Strengths, clusters: NDArray[np.int64]
) -> tuple[csr_array, Matrix]:
    """The gradient of each cluster, a row a cluster, and what makes a change of ratings of it."""
    held = contributions(columns, fit, clusters)
    gradients = csr_array((held.gradients, (held.owners, held.members)))
    inverse = np.linalg.inv(information(columns.wins(), fit)).astype(np.float64)
    return gradients, inverse - inverse.mean(axis=1, keepdims=True)
