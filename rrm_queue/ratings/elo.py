"""Elo ratings, as the paper computes them."""

import evalica
import numpy as np
from numpy.typing import NDArray

from rrm_queue.ratings.columns import Columns, in_order, index
from rrm_queue.seeds import shuffled

INITIAL = 1000.0
BASE = 10.0
SCALE = 400.0
K = 4.0


def elo(columns: Columns, seed: int) -> NDArray[np.float64]:
    """Each candidate's Elo after its matches in an order shuffled by `seed`; the mean stays 1000.

    The parameters and the shuffle are those of the Reward Reasoning Model (arXiv 2505.14674 and
    its evaluation code), which are Chatbot Arena's with K = 4. Elo depends on the order of the
    matches; here the order depends on the results and the seed alone.
    """
    if not len(columns):
        return np.full(columns.size, INITIAL)
    order = np.array(shuffled(len(columns), seed, "elo"))
    result = evalica.elo(
        columns.firsts[order],
        columns.seconds[order],
        columns.winners[order],
        index=index(columns.size),
        initial=INITIAL,
        base=BASE,
        scale=SCALE,
        k=K,
    )
    return in_order(result)
