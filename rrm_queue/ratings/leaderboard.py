"""The leaderboard: the generators of a job compared over all of its tournaments."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from rrm_queue.columns import UNNAMED, GeneratorMatches, SoftVotes
from rrm_queue.ratings.bradley_terry import PRIOR_DRAWS, Strengths, strengths
from rrm_queue.ratings.columns import Columns
from rrm_queue.ratings.comparability import comparability
from rrm_queue.ratings.elo import elo_spread
from rrm_queue.ratings.intervals import information, margins, noise, sandwich
from rrm_queue.ratings.ranks import rank_range, ranked
from rrm_queue.ratings.resampling import ROUNDS, resampled

FEW = 20
"""Fewer tournaments are too few clusters; Cameron and Miller (2015) put the limit between 20 and
50."""


class Method(StrEnum):
    """Where the intervals of a leaderboard come from; see `docs/statistics.md`."""

    SANDWICH = "sandwich"
    BOOTSTRAP = "bootstrap"


@dataclass(frozen=True, slots=True)
class LeaderboardRow:
    """A generator's row; ratings in points of Elo's scale.

    `win_rate` counts a draw as half a win; of a soft leaderboard it is the mean probability. `bt`
    with its 95 % interval `low` to `high` and `rank` are Bradley-Terry's; `best` to `worst` are the
    possible ranks within the intervals. `elo` is the mean over orders of the matches and `elo_sd`
    its standard deviation over them. `component`, `group`, `undefeated` and `winless`: see
    `Comparability`.
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
    """The rows by rank, and what they are computed from.

    `matches` in `tournaments` were counted. `own` were left out because both answers are of one
    generator, `unnamed` because an answer names no generator. `clustered`: the intervals treat the
    tournaments, not the matches, as independent. With `soft`, matches count by the
    probabilities of their votes, except for wins, draws, losses and Elo.
    """

    rows: tuple[LeaderboardRow, ...]
    matches: int
    tournaments: int
    own: int
    unnamed: int
    clustered: bool
    method: Method
    elo_orders: int
    soft: SoftVotes | None = None


def leaderboard(
    generators: Sequence[str],
    matches: GeneratorMatches,
    seed: int,
    method: Method = Method.SANDWICH,
    rounds: int = ROUNDS,
    prior_draws: float = PRIOR_DRAWS,
) -> Leaderboard:
    """The leaderboard of `generators` over a job's matches; the order of neither matters.

    Matches of a tournament share a prompt and its answers, so their errors are correlated, and an
    interval that treats them as independent is too narrow: tournaments are the clusters, unless
    there are fewer than FEW. Generators without a counted match have no row. Raises ValueError with
    `prior_draws` 0 where the results alone give no finite ratings.
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
    rows: list[LeaderboardRow] = []
    if names:
        wins = columns.wins()
        fit = strengths(wins, prior_draws)
        if method is Method.BOOTSTRAP:
            samples = resampled(columns, clusters, seed, rounds, prior_draws)
            low, high = np.quantile(samples, (0.025, 0.975), axis=0)
        else:
            low, high = _robust(columns, wins, fit, clusters, prior_draws)
        rows = _rows(names, columns, wins, fit.points, low, high, elo.mean, elo.sd)
    return Leaderboard(
        tuple(sorted(rows, key=lambda row: (row.rank, -row.bt, row.generator))),
        len(columns),
        total,
        int(own.sum()),
        int((~named).sum()),
        clustered,
        method,
        elo.orders,
        matches.soft,
    )


def _columns(
    matches: GeneratorMatches, order: NDArray[np.int64], size: int
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
    soft = None if matches.scores is None else np.where(turned, 1 - matches.scores, matches.scores)
    within = (tournaments,) if soft is None else (soft, tournaments)
    rows = np.lexsort((*within, winners, high, low))
    columns = Columns(
        len(order),
        low[rows],
        high[rows],
        winners[rows].astype(np.uint8),
        None if soft is None else soft[rows],
    )
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


def _rows(
    names: Sequence[str],
    columns: Columns,
    wins: NDArray[np.float64],
    points: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    elo: NDArray[np.float64],
    elo_sd: NDArray[np.float64],
) -> list[LeaderboardRow]:
    won, lost, drawn = columns.records()
    played = won + lost + drawn
    best, worst = rank_range(low, high)
    reach = comparability(wins)
    ranks = np.array(ranked(points))
    cells = (
        column.tolist()
        for column in (
            *(played, won, drawn, lost, wins.sum(axis=1) / played),
            *(points, low, high, ranks, best, worst, elo, elo_sd),
            *(reach.components, reach.groups, reach.undefeated, reach.winless),
        )
    )
    return [LeaderboardRow(*row) for row in zip(names, *cells, strict=True)]
