"""The leaderboard: the generators of a job compared over all of its tournaments."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from rrm_queue.ratings.bradley_terry import PRIOR_DRAWS, Strengths, strengths
from rrm_queue.ratings.columns import Columns
from rrm_queue.ratings.comparability import comparability
from rrm_queue.ratings.elo import elo_spread
from rrm_queue.ratings.intervals import information, margins, noise, sandwich
from rrm_queue.ratings.ranks import rank_range, ranked
from rrm_queue.ratings.resampling import ROUNDS, resampled

FEW = 20
"""Tournaments below which they are too few to be clusters; Cameron and Miller (2015) put the limit
between 20 and 50."""

UNNAMED = -1
"""Stands for the generator of an answer that names none."""


class Method(StrEnum):
    """Where the intervals of a leaderboard come from; see `docs/statistics.md`."""

    SANDWICH = "sandwich"
    BOOTSTRAP = "bootstrap"


@dataclass(frozen=True, slots=True)
class Matches:
    """The decided matches of a job column by column; a row is a match.

    `tournaments` are any numbers, `firsts` and `seconds` places in a list of generators or UNNAMED,
    `winners` 1 for the first, 2 for the second, 0 for a draw.
    """

    tournaments: NDArray[np.int64]
    firsts: NDArray[np.int64]
    seconds: NDArray[np.int64]
    winners: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.winners)

    def where(self, rows: NDArray[np.bool_]) -> "Matches":
        """These rows."""
        return Matches(
            self.tournaments[rows], self.firsts[rows], self.seconds[rows], self.winners[rows]
        )


@dataclass(frozen=True, slots=True)
class Line:
    """A generator's line; ratings in points of Elo's scale.

    `win_rate` counts a draw as half a win. `bt` with its 95 % interval `low` to `high` and `rank`
    are Bradley-Terry's; `best` to `worst` are the ranks that the intervals leave open. `elo` is the
    mean over orders of the matches and `elo_sd` its standard deviation over them. `component`,
    `group`, `undefeated` and `winless`: see `Comparability`.
    """

    generator: str
    matches: int
    wins: int
    draws: int
    losses: int
    win_rate: float
    bt: float
    low: float
    high: float
    rank: int
    best: int
    worst: int
    elo: float
    elo_sd: float
    component: int
    group: int
    undefeated: bool
    winless: bool


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """The lines by rank, and what stands behind them.

    `matches` in `tournaments` were counted; `own` were left out as between two answers of one
    generator, `unnamed` as an answer names none. `clustered`: the intervals take the tournaments,
    not the matches, for independent.
    """

    lines: tuple[Line, ...]
    matches: int
    tournaments: int
    own: int
    unnamed: int
    clustered: bool
    method: Method
    elo_orders: int


def leaderboard(
    generators: Sequence[str],
    matches: Matches,
    seed: int,
    method: Method = Method.SANDWICH,
    rounds: int = ROUNDS,
    prior_draws: float = PRIOR_DRAWS,
) -> Leaderboard:
    """The leaderboard of `generators` over a job's matches, whatever the order of either.

    Matches of a tournament share a prompt and their answers, so their surprises go together, and an
    interval that takes them for independent is too narrow: tournaments are the clusters, unless
    there are fewer than FEW. Generators without a match that counts have no line. Raises ValueError
    with `prior_draws` 0 where the results alone give no finite ratings.
    """
    named = (matches.firsts != UNNAMED) & (matches.seconds != UNNAMED)
    own = named & (matches.firsts == matches.seconds)
    counted = matches.where(named & ~own)
    seen = np.unique(np.concatenate((counted.firsts, counted.seconds)))
    order = np.array(sorted(seen.tolist(), key=lambda place: generators[place]), np.int64)
    names = [generators[place] for place in order]
    columns, tournaments = _columns(counted, order, len(generators))
    total = int(tournaments.max(initial=-1)) + 1
    clustered = total >= FEW
    clusters = tournaments if clustered else np.arange(len(columns))
    elo = elo_spread(columns, seed)
    lines: list[Line] = []
    if names:
        wins = columns.wins()
        fit = strengths(wins, prior_draws)
        if method is Method.BOOTSTRAP:
            samples = resampled(columns, clusters, seed, rounds, prior_draws)
            low, high = np.quantile(samples, (0.025, 0.975), axis=0)
        else:
            low, high = _robust(columns, wins, fit, clusters, prior_draws)
        lines = _lines(names, columns, wins, fit.points, low, high, elo.mean, elo.sd)
    return Leaderboard(
        tuple(sorted(lines, key=lambda line: (line.rank, -line.bt, line.generator))),
        len(columns),
        total,
        int(own.sum()),
        int((~named).sum()),
        clustered,
        method,
        elo.orders,
    )


def _columns(
    matches: Matches, order: NDArray[np.int64], size: int
) -> tuple[Columns, NDArray[np.int64]]:
    """The rows with generators numbered in this order, the lower first, sorted; and tournaments.

    The tournaments are numbered from 0.
    """
    numbers = np.zeros(size, np.int64)
    numbers[order] = np.arange(len(order))
    firsts, seconds = numbers[matches.firsts], numbers[matches.seconds]
    turned = firsts > seconds
    winners = np.where(turned & (matches.winners > 0), 3 - matches.winners, matches.winners)
    tournaments = np.unique(matches.tournaments, return_inverse=True)[1]
    low, high = np.minimum(firsts, seconds), np.maximum(firsts, seconds)
    rows = np.lexsort((tournaments, winners, high, low))
    columns = Columns(len(order), low[rows], high[rows], winners[rows].astype(np.uint8))
    return columns, tournaments[rows]


def _robust(
    columns: Columns,
    wins: NDArray[np.float64],
    fit: Strengths,
    clusters: NDArray[np.int64],
    prior_draws: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The ends of the sandwich intervals, with the usual c / (c - 1) for c clusters."""
    total = int(clusters.max()) + 1
    few = total / max(1, total - 1)
    spread = noise(columns, fit, clusters) * few
    margin = margins(sandwich(information(wins, fit, prior_draws), spread))
    return fit.points - margin, fit.points + margin


def _lines(
    names: Sequence[str],
    columns: Columns,
    wins: NDArray[np.float64],
    points: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    elo: NDArray[np.float64],
    elo_sd: NDArray[np.float64],
) -> list[Line]:
    won, lost, drawn = columns.records()
    played = won + lost + drawn
    best, worst = rank_range(low, high)
    reach = comparability(wins)
    ranks = np.array(ranked(points))
    cells = (
        column.tolist()
        for column in (
            *(played, won, drawn, lost, (won + drawn / 2) / played),
            *(points, low, high, ranks, best, worst, elo, elo_sd),
            *(reach.components, reach.groups, reach.undefeated, reach.winless),
        )
    )
    return [Line(*line) for line in zip(names, *cells, strict=True)]
