"""Simulated leaderboards whose truth is known: how often intervals and possible ranks hold it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rrm_queue.ratings.bradley_terry import POINTS, PRIOR_DRAWS, strengths
from rrm_queue.ratings.columns import Columns
from rrm_queue.ratings.intervals import NORMAL, clustered, information
from rrm_queue.ratings.rated import rated
from rrm_queue.ratings.studentized import all_pairs as at_once
from rrm_queue.ratings.studentized import deviates

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
Chance = np.random.RandomState

LONG = 5000
"""Tournaments of the long leaderboard that gives the truth where prompts have tastes."""

DRAWN, WON = 0, 1
"""Values of `evalica.Winner`."""

Play = Callable[[Numbers, Chance], tuple[Whole, Whole]]
"""Plays a tournament of these strengths: the winners and the losers of its matches."""


class Shape(NamedTuple):
    """A kind of leaderboard: `generators` that meet in `tournaments`, each as `play` says.

    `spread` is the standard deviation of the generators' strengths, `taste` that of what a prompt
    adds to each, both in points.
    """

    name: str
    generators: int
    tournaments: int
    play: Play
    spread: float
    taste: float = 0.0
    draws: float = 0.0
    """Of the draws that leave every mean score as it is, the share that is played."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Shares of simulated leaderboards or of their parts that held the truth.

    `ratings` and `differences` are 95 % intervals each by itself. `together` are the boards of
    which the intervals for all differences at once held, `ranks` those of which all possible ranks
    held. `matches` is the mean number of matches of a generator.
    """

    ratings: float
    differences: float
    together: float
    ranks: float
    matches: float


def coverage(shape: Shape, boards: int, prior_draws: float = PRIOR_DRAWS) -> Coverage:
    """How often the intervals of `boards` leaderboards of this shape hold the truth.

    Each board has strengths of its own, unless prompts have tastes: then what is estimated is the
    average over prompts, which a long leaderboard of the same strengths shows.
    """
    chance = Chance(18)
    held: list[tuple[float, float, bool, bool, float]] = []
    truth = _centred(chance.normal(0, shape.spread, shape.generators))
    target = _average(shape, truth, chance) if shape.taste else truth
    for _ in range(boards):
        if not shape.taste:
            truth = target = _centred(chance.normal(0, shape.spread, shape.generators))
        columns, tournaments = _board(shape, truth, shape.tournaments, chance)
        held.append(_held(columns, tournaments, target, prior_draws))
    means = np.mean(np.array(held, float), axis=0)
    return Coverage(*means.tolist())


def _held(
    columns: Columns, tournaments: Whole, truth: Numbers, prior_draws: float
) -> tuple[float, float, bool, bool, float]:
    wins = columns.wins()
    fit = strengths(wins, prior_draws)
    curvature = information(wins, fit, prior_draws)
    errors = clustered(columns, curvature, fit, tournaments, prior_draws)
    board = rated(wins, fit, errors)
    ratings = (board.low - 1000 <= truth) & (truth <= board.high - 1000)
    pairs = np.triu_indices(len(truth), 1)
    apart = fit.points - truth
    off = np.abs(apart[:, None] - apart[None, :])[pairs]
    one, all_ = (
        off <= (errors.errors * deviates(normal, errors.degrees))[pairs]
        for normal in (NORMAL, at_once(len(truth)))
    )
    places = np.argsort(np.argsort(-truth)) + 1
    ranked = ((board.rank_low <= places) & (places <= board.rank_high)).all()
    matches = 2 * len(columns) / columns.size
    return float(ratings.mean()), float(one.mean()), bool(all_.all()), bool(ranked), matches


def _board(shape: Shape, truth: Numbers, tournaments: int, chance: Chance) -> tuple[Columns, Whole]:
    winners, losers, places, drawn = [], [], [], []
    for number in range(tournaments):
        taste = chance.normal(0, shape.taste, len(truth)) if shape.taste else 0.0
        won, lost = shape.play(truth + taste, chance)
        drawn.append(_drawn(truth + taste, won, lost, shape.draws, chance))
        winners.append(won)
        losers.append(lost)
        places.append(np.full(len(won), number))
    won, lost = np.concatenate(winners), np.concatenate(losers)
    sides = np.where(np.concatenate(drawn), DRAWN, WON).astype(np.uint8)
    columns = Columns(len(truth), won, lost, sides)
    return columns, np.concatenate(places)


def _drawn(
    points: Numbers, won: Whole, lost: Whole, share: float, chance: Chance
) -> NDArray[np.bool]:
    """Which of these matches become draws, so that no mean score changes."""
    if not share:
        return np.zeros(len(won), bool)
    odds = np.exp((points[lost] - points[won]) / POINTS)
    drawn: NDArray[np.bool] = chance.random_sample(len(won)) < share * np.minimum(1, odds)
    return drawn


def _average(shape: Shape, truth: Numbers, chance: Chance) -> Numbers:
    columns, _ = _board(shape, truth, LONG, chance)
    return _centred(strengths(columns.wins(), prior_draws=0).points)


def _centred(points: Numbers) -> Numbers:
    centred: Numbers = points - points.mean()
    return centred


def all_pairs(count: int | None = None) -> Play:
    """Every pair of `count` random generators meets once; None is all generators."""

    def play(points: Numbers, chance: Chance) -> tuple[Whole, Whole]:
        size = len(points)
        who = np.arange(size) if count is None else chance.permutation(size)[:count]
        firsts, seconds = np.triu_indices(len(who), 1)
        return _decided(points, who[firsts], who[seconds], chance)

    return play


def uneven(points: Numbers, chance: Chance) -> tuple[Whole, Whole]:
    """Every pair of two to all generators; the first generators take part more often."""
    size = len(points)
    weights = 1 / np.sqrt(np.arange(1, size + 1))
    count = chance.randint(2, size + 1)
    who = chance.choice(size, count, replace=False, p=weights / weights.sum())
    firsts, seconds = np.triu_indices(count, 1)
    return _decided(points, who[firsts], who[seconds], chance)


def rings(count: int) -> Play:
    """Each generator meets twice `count` others at random."""

    def play(points: Numbers, chance: Chance) -> tuple[Whole, Whole]:
        circle = chance.permutation(len(points))
        firsts = np.tile(circle, count)
        seconds = np.concatenate([np.roll(circle, step) for step in range(1, count + 1)])
        return _decided(points, firsts, seconds, chance)

    return play


def knockout(points: Numbers, chance: Chance) -> tuple[Whole, Whole]:
    """A random bracket of all generators, whose number is a power of two."""
    alive, winners, losers = chance.permutation(len(points)), [], []
    while len(alive) > 1:
        alive, out = _decided(points, alive[::2], alive[1::2], chance)
        winners.append(alive)
        losers.append(out)
    return np.concatenate(winners), np.concatenate(losers)


def _decided(points: Numbers, firsts: Whole, seconds: Whole, chance: Chance) -> tuple[Whole, Whole]:
    """The winners and the losers of these matches."""
    chances = 1 / (1 + np.exp((points[seconds] - points[firsts]) / POINTS))
    wins = chance.random_sample(len(firsts)) < chances
    return np.where(wins, firsts, seconds), np.where(wins, seconds, firsts)


MANY = (
    Shape("every pair, 60 prompts", 12, 60, all_pairs(), 100, 250),
    Shape("every pair, 20 prompts", 12, 20, all_pairs(), 100, 250),
    Shape("every pair, 200 prompts", 6, 200, all_pairs(), 100, 150),
    Shape("4 of 16 a prompt, 100 prompts", 16, 100, all_pairs(4), 100, 250),
    Shape("one pair a prompt, 600 prompts", 20, 600, all_pairs(2), 100, 150),
    Shape("2 to 10 a prompt, 60 prompts", 10, 60, uneven, 100, 200),
    Shape("knockouts of 8, 100 prompts", 8, 100, knockout, 100, 150),
    Shape("every pair of 12 equals, 30 prompts", 12, 30, all_pairs(), 1, 250),
)
"""Leaderboards of 20 tournaments and more, whose prompts favour some generators."""

FEW = (
    Shape("one knockout of 8", 8, 1, knockout, 200),
    Shape("one round robin of 8", 8, 1, all_pairs(), 200),
    Shape("one round robin of 8 equals", 8, 1, all_pairs(), 1),
    Shape("one `sampled:2` of 16", 16, 1, rings(1), 200),
    Shape("one `sampled:4` of 16", 16, 1, rings(2), 200),
    Shape("one `sampled:10` of 16", 16, 1, rings(5), 200),
    Shape("2 knockouts of 8", 8, 2, knockout, 200),
    Shape("4 prompts, `sampled:2` of 8", 8, 4, rings(1), 200),
    Shape("3 prompts, every pair of 8", 8, 3, all_pairs(), 100, 200),
    Shape("10 prompts, every pair of 8", 8, 10, all_pairs(), 100, 200),
    Shape("10 prompts, 4 of 16 each", 16, 10, all_pairs(4), 100, 200),
)
"""Few matches a generator, or few prompts."""
