"""The leaderboard: the generators of a job compared over all of its tournaments."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from rrm_queue.columns import UNNAMED, GeneratorMatches, SoftVotes
from rrm_queue.ratings.bradley_terry import PRIOR_DRAWS, strengths
from rrm_queue.ratings.columns import Columns
from rrm_queue.ratings.elo import EloSpread, elo_spread
from rrm_queue.ratings.intervals import MANY, clustered, information, resampled_errors
from rrm_queue.ratings.ranks import rank_range, ranked
from rrm_queue.ratings.rated import Rated, rated
from rrm_queue.ratings.resampling import ROUNDS, resampled


class Method(StrEnum):
    """Where the intervals of a leaderboard come from; see `docs/statistics.md`."""

    SANDWICH = "sandwich"
    BOOTSTRAP = "bootstrap"


@dataclass(frozen=True, slots=True)
class LeaderboardRow:
    """A generator's row; ratings in points of Elo's scale.

    `win_rate` counts a draw as half a win; of a soft leaderboard it is the mean probability. `bt`
    with its 95 % interval `low` to `high` and `rank` are Bradley-Terry's; `best` to `worst` are the
    ranks of Chatbot Arena, by which intervals overlap. `elo` is the mean over orders of the matches
    and `elo_sd` its standard deviation over them. `component`, `group`, `undefeated` and `winless`:
    see `Comparability`. `rank_low` to `rank_high` are the possible ranks by the intervals of
    differences; those of all rows hold at once, at 95 %. `above_next` is the probability that it is
    above the next row, `prior_shift` how many points the prior moves it by; see `Rated`.
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
    rank_low: int
    rank_high: int
    above_next: float | None
    prior_shift: float | None


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """The rows by rank, and what they are computed from.

    `matches` in `tournaments` were counted. `own` were left out because both answers are of one
    generator, `unnamed` because an answer names no generator. `clustered`: there are enough
    tournaments to tell how much they differ. With `soft`, matches count by the probabilities of
    their votes, except for wins, draws, losses and Elo. `prior` is whether the ratings have one.
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
    prior: bool = True

    @property
    def lead(self) -> float | None:
        """The probability that the first generator is above the second; see `above_next`."""
        return self.rows[0].above_next if self.rows else None


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
    interval that treats them as independent is too narrow: tournaments are the clusters. Too few of
    them cannot be resampled: then the method is the sandwich. Generators without a counted match
    have no row. Raises ValueError with `prior_draws` 0 where the results alone give no finite
    ratings.
    """
    named = (matches.firsts != UNNAMED) & (matches.seconds != UNNAMED)
    own = named & (matches.firsts == matches.seconds)
    counted = matches.where(named & ~own)
    # As `np.unique`, which would load `numpy.ma`: a command would start later.
    seen = np.flatnonzero(np.bincount(np.concatenate((counted.firsts, counted.seconds))))
    order = np.array(sorted(seen.tolist(), key=lambda place: generators[place]), np.int64)
    names = [generators[place] for place in order]
    columns, tournaments = _columns(counted, order, len(generators))
    total = int(tournaments.max(initial=-1)) + 1
    method = method if total >= MANY else Method.SANDWICH
    elo = elo_spread(columns, seed)
    rows: list[LeaderboardRow] = []
    if names:
        wins = columns.wins()
        fit = strengths(wins, prior_draws)
        if method is Method.BOOTSTRAP:
            samples = resampled(columns, tournaments, seed, rounds, prior_draws)
            low, high = np.quantile(samples, (0.025, 0.975), axis=0)
            held = rated(wins, fit, resampled_errors(samples, total))._replace(low=low, high=high)
        else:
            curvature = information(wins, fit, prior_draws)
            errors = clustered(columns, curvature, fit, tournaments, prior_draws)
            held = rated(wins, fit, errors)
        rows = _rows(names, columns, wins, held, elo)
    return Leaderboard(
        tuple(rows),
        len(columns),
        total,
        int(own.sum()),
        int((~named).sum()),
        total >= MANY,
        method,
        elo.orders,
        matches.soft,
        prior_draws > 0,
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


def _rows(
    names: Sequence[str],
    columns: Columns,
    wins: NDArray[np.float64],
    held: Rated,
    elo: EloSpread,
) -> list[LeaderboardRow]:
    """The rows by rank; of equals the higher rating is first, then the lower name."""
    won, lost, drawn = columns.records()
    played = won + lost + drawn
    best, worst = rank_range(held.low, held.high)
    ranks = np.array(ranked(held.points))
    order = np.lexsort((np.arange(len(names)), -held.points, ranks)).tolist()
    cells = (
        column.tolist()
        for column in (
            *(played, won, drawn, lost, wins.sum(axis=1) / played),
            *(held.points, held.low, held.high, ranks, best, worst, elo.mean, elo.sd),
            *(held.reach.components, held.reach.groups, held.reach.undefeated, held.reach.winless),
            *(held.rank_low, held.rank_high),
        )
    )
    lists = held.above_next(order), held.prior_shifts()
    lines = [LeaderboardRow(*line) for line in zip(names, *cells, *lists, strict=True)]
    return [lines[number] for number in order]
