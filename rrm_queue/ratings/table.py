"""A tournament's ratings with their uncertainty, computed for display from its stored results."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from rrm_queue.domain import CandidateNumber, Result
from rrm_queue.ratings.bradley_terry import PRIOR_DRAWS, strengths
from rrm_queue.ratings.columns import Columns
from rrm_queue.ratings.elo import elo_spread
from rrm_queue.ratings.intervals import information, laplace
from rrm_queue.ratings.rated import rated


class Rating(Struct, frozen=True):
    """A candidate's ratings, in points of Elo's scale.

    `bt` is the standings' Bradley-Terry rating and `low` to `high` its 95 % interval, by the
    curvature of the posterior. It treats the matches as independent, so it is too narrow where a
    judge repeats the same error in several matches. `elo` is the mean over orders,
    `elo_sd` and `elo_low` to `elo_high` its spread over them. `component`, `group`, `undefeated`
    and `winless` say what the interval depends on; see `Comparability`. `rank_low`, `rank_high`,
    `above_next` and `prior_shift` are as in a leaderboard; see `Rated`.
    """

    candidate: CandidateNumber
    bt: float
    low: float
    high: float
    elo: float
    elo_sd: float
    elo_low: float
    elo_high: float
    component: int
    group: int
    undefeated: bool
    winless: bool
    rank_low: int
    rank_high: int
    above_next: float | None
    prior_shift: float | None


def rating_table(
    size: int,
    results: Sequence[Result],
    seed: int,
    order: Sequence[CandidateNumber] | None = None,
    prior_draws: float = PRIOR_DRAWS,
) -> list[Rating]:
    """The ratings of a tournament's candidates by number; this takes milliseconds.

    `order` is how the candidates are listed, by which each has a next one; without it that is by
    rating. Raises ValueError with `prior_draws` 0 where the results alone give no finite ratings.
    """
    columns = Columns.of(size, results)
    wins = columns.wins()
    fit = strengths(wins, prior_draws)
    held = rated(wins, fit, laplace(information(wins, fit, prior_draws)))
    elo, reach = elo_spread(columns, seed), held.reach
    cells = (
        column.tolist()
        for column in (
            *(held.points, held.low, held.high),
            *(elo.mean, elo.sd, elo.low, elo.high),
            *(reach.components, reach.groups, reach.undefeated, reach.winless),
            *(held.rank_low, held.rank_high),
        )
    )
    listed = np.argsort(-held.points).tolist() if order is None else order
    lists = held.above_next(listed), held.prior_shifts()
    return [
        Rating(CandidateNumber(number), *line)
        for number, line in enumerate(zip(*cells, *lists, strict=True))
    ]
