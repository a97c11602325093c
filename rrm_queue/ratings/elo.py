"""Elo ratings, as the paper computes them."""

import math

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from rrm_queue.ratings.columns import Columns
from rrm_queue.seeds import derive, shuffled

INITIAL = 1000.0
BASE = 10.0
SCALE = 400.0
K = 4.0

ORDERS = 100
"""Orders over which Elo is averaged, as long as that takes no more than GAMES matches."""

_POINTS = np.array([0.5, 1.0, 0.0])
"""What the first of a pair gets for a draw, for its win, and for the win of the second."""

FEWEST_ORDERS = 10
"""The fewest orders over which Elo is averaged."""

SMOOTH_ORDERS = 200
"""Orders over which a reward's Elo is averaged; an even number."""

FEW = 5_000
"""Matches up to which Elo is played here, without Evalica and its pandas."""

GAMES = 20_000_000
"""Matches played over all orders: about five seconds."""


class EloSpread(Struct, frozen=True):
    """Each candidate's Elo over `orders` orders of the same matches; arrays by candidate number.

    `sd` is the standard deviation over orders, `low` and `high` are the 2.5 % and 97.5 % quantiles.
    They show how much Elo depends on the order alone; they are not a confidence interval.
    """

    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    orders: int


def elo(columns: Columns, seed: int) -> NDArray[np.float64]:
    """Each candidate's Elo after its matches in an order shuffled by `seed`; the mean stays 1000.

    The parameters and the shuffle are those of the Reward Reasoning Model (arXiv 2505.14674 and
    its evaluation code), which are Chatbot Arena's with K = 4. Elo depends on the order of the
    matches; here the order depends on the results and the seed alone.
    """
    return played(columns, np.array(shuffled(len(columns), seed, "elo"), np.int64))


def elo_spread(columns: Columns, seed: int, orders: int | None = None) -> EloSpread:
    """Elo over many orders, and how much it depends on the order.

    Averaging over orders is what Elo's dependence on them calls for (Boubdir et al., Elo
    Uncovered, arXiv 2311.17295). Without `orders` there are 100, fewer when there are so many
    matches that this would take minutes. The orders come from NumPy's RandomState, whose streams
    NumPy promises never to change (NEP 19).
    """
    if orders is None:
        orders = max(FEWEST_ORDERS, min(ORDERS, GAMES // max(1, len(columns))))
    chance = np.random.RandomState(derive(seed, "elo orders") % 2**32)
    shuffles = (chance.permutation(len(columns)) for _ in range(orders))
    if len(columns) <= FEW:
        scores = _played_at_once(columns, np.array(list(shuffles)))
    else:
        scores = np.array([played(columns, order) for order in shuffles])
    low, high = _quantile(scores, 0.025), _quantile(scores, 0.975)
    return EloSpread(
        scores.mean(axis=0), scores.std(axis=0, ddof=min(1, orders - 1)), low, high, orders
    )


def _quantile(scores: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Each candidate's quantile over the orders.

    It is that of `np.quantile`, which would load `numpy.ma` too: a command would start later.
    """
    place = share * (len(scores) - 1)
    below = np.sort(scores, axis=0)[[math.floor(place), math.ceil(place)]]
    found: NDArray[np.float64] = below[0] + (place % 1) * (below[1] - below[0])
    return found


def expected_elo(columns: Columns, seed: int, orders: int = SMOOTH_ORDERS) -> NDArray[np.float64]:
    """The mean Elo over many orders, all played at the same time: for small tournaments.

    Half of the orders are the other half in reverse, which takes away most of what the order does.
    """
    chance = np.random.RandomState(derive(seed, "elo orders") % 2**32)
    half = np.array([chance.permutation(len(columns)) for _ in range(orders // 2)])
    scores = _played_at_once(columns, np.concatenate((half, half[:, ::-1])))
    means: NDArray[np.float64] = scores.mean(axis=0)
    return means


def _played_at_once(columns: Columns, orders: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each candidate's Elo after the rows in each of the orders: a row an order."""
    scores = np.full((len(orders), columns.size), INITIAL)
    points = _POINTS[columns.winners]
    every = np.arange(len(orders))
    for played_next in orders.T:
        one, two = columns.firsts[played_next], columns.seconds[played_next]
        lead = scores[every, one] - scores[every, two]
        gain = K * (points[played_next] - 1 / (1 + BASE ** (-lead / SCALE)))
        scores[every, one] += gain
        scores[every, two] -= gain
    return scores


def played(columns: Columns, order: NDArray[np.int64], k: float = K) -> NDArray[np.float64]:
    """Each candidate's Elo after the rows of `columns` in this order, 1000 at the start."""
    rows = columns.firsts[order], columns.seconds[order], columns.winners[order]
    if len(columns) <= FEW:
        return _played_in_turn(columns.size, rows, k)
    from rrm_queue.ratings.with_evalica import elo_scores

    return elo_scores(Columns(columns.size, *rows), initial=INITIAL, base=BASE, scale=SCALE, k=k)


def _played_in_turn(
    size: int, rows: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]], k: float
) -> NDArray[np.float64]:
    """Each candidate's Elo after these rows of firsts, seconds and winners."""
    scores = [INITIAL] * size
    firsts, seconds, winners = rows
    cells = zip(firsts.tolist(), seconds.tolist(), _POINTS[winners].tolist(), strict=True)
    for one, two, points in cells:
        gain = k * (points - 1 / (1 + BASE ** ((scores[two] - scores[one]) / SCALE)))
        scores[one] += gain
        scores[two] -= gain
    return np.array(scores)
