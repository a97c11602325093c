"""Ratings with all that their uncertainty says: intervals, possible ranks, who is above whom."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rrm_queue.ratings.bradley_terry import Strengths, strengths
from rrm_queue.ratings.comparability import Comparability, comparability
from rrm_queue.ratings.intervals import Uncertainty
from rrm_queue.ratings.ranks import simultaneous_ranks

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]


class Rated(NamedTuple):
    """Candidates' ratings in points, as arrays by candidate number.

    `low` to `high` is the 95 % interval of each by itself. `rank_low` to `rank_high` are the
    possible ranks; those of all candidates hold at once, at 95 %. `plain` are the ratings without
    the prior, None where it is the prior that makes them finite.
    """

    points: Numbers
    low: Numbers
    high: Numbers
    rank_low: Whole
    rank_high: Whole
    errors: Uncertainty
    reach: Comparability
    plain: Numbers | None

    def above_next(self, order: Sequence[int]) -> list[float | None]:
        """By candidate number, the probability to be above the one that comes next in `order`.

        By the difference of the two, not by their intervals. None for the last, and where no chain
        of matches joins the two: nothing compares them.
        """
        components = self.reach.components
        chances: list[float | None] = [None] * len(self.points)
        for one, other in pairwise(order):
            if components[one] == components[other]:
                gap = float(self.points[one] - self.points[other])
                chances[one] = self.errors.above(gap, one, other)
        return chances

    def prior_shifts(self) -> Sequence[float | None]:
        """How many points the prior moves each by; None where it alone makes ratings finite."""
        if self.plain is None:
            return [None] * len(self.points)
        shifts: list[float | None] = (self.points - self.plain).tolist()
        return shifts


def rated(wins: Numbers, fit: Strengths, errors: Uncertainty) -> Rated:
    """The ratings of `fit`, which was made of these wins, with these errors."""
    margins, reach = errors.margins(), comparability(wins)
    best, worst = simultaneous_ranks(fit.points, errors)
    plain = None
    if reach.estimable:
        plain = fit.points if fit.average is None else strengths(wins, prior_draws=0).points
    return Rated(
        fit.points, fit.points - margins, fit.points + margins, best, worst, errors, reach, plain
    )
