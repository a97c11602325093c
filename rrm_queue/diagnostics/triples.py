"""Intransitive triples: A beats B, B beats C, C beats A."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rrm_queue.diagnostics.rates import Rate, clustered

_CELLS = 1 << 22
"""Cells of win matrices that are worked on at once: 32 MB of numbers."""


@dataclass(frozen=True, slots=True)
class CyclicTriples(Rate):
    """The share of closed decided triples of candidates that are cyclic, `n` triples in all.

    A triple is closed when its three pairs met and each was decided. Kendall and Babington Smith's
    circular triads (Biometrika 31, 1940): over all triples in a round robin, over the closed ones
    in other strategies; a knockout has none. 0 for a judge that follows a ranking, 0.25 for coin
    flips (2 of the 8 ways to decide three matches). Near equal answers have more cycles, also with
    a good judge.
    """


def cyclic_triples(
    tournaments: NDArray[np.int64],
    firsts: NDArray[np.int64],
    seconds: NDArray[np.int64],
    winners: NDArray[np.uint8],
) -> CyclicTriples:
    """How many triples are cyclic; tournaments are the clusters of the interval.

    A row is a match: its tournament, any number; its candidates' numbers in it; and 1 for the
    first, 2 for the second or 0 for a draw. A pair that met more than once is decided by the most
    wins. Counting takes n³ steps of a matrix product for a tournament of n candidates.
    """
    decided = winners > 0
    won = np.where(winners == 1, firsts, seconds)[decided]
    lost = np.where(winners == 1, seconds, firsts)[decided]
    ids, parts = np.unique(tournaments[decided], return_inverse=True)
    sizes = np.zeros(len(ids), np.int64)
    np.maximum.at(sizes, parts, np.maximum(won, lost) + 1)
    cyclic, closed = np.zeros(len(ids)), np.zeros(len(ids))
    for numbers, chunk in _chunks(sizes, parts):
        size = int(sizes[numbers[0]])
        places = np.searchsorted(numbers, parts[chunk])
        wins = np.zeros((len(numbers), size, size))
        np.add.at(wins, (places, won[chunk], lost[chunk]), 1)
        beats = (wins > wins.transpose(0, 2, 1)).astype(np.float32)
        met = beats + beats.transpose(0, 2, 1)
        cyclic[numbers] = _loops(beats) / 3
        closed[numbers] = _loops(met) / 6
    result = clustered(cyclic, closed)
    return CyclicTriples(result.estimate, result.low, result.high, result.n)


def _chunks(
    sizes: NDArray[np.int64], parts: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Tournaments of one size, as many as fit at once, with the rows of their matches."""
    order = np.lexsort((np.arange(len(sizes)), sizes))
    rank = np.empty(len(sizes), np.int64)
    rank[order] = np.arange(len(sizes))
    rows = np.argsort(rank[parts], kind="stable")
    starts = np.searchsorted(rank[parts][rows], np.arange(len(sizes) + 1))
    begin = 0
    while begin < len(order):
        size = int(sizes[order[begin]])
        same = int(np.searchsorted(sizes[order], size, "right"))
        end = min(same, begin + max(1, _CELLS // size**2))
        yield order[begin:end], rows[starts[begin] : starts[end]]
        begin = end


def _loops(matrices: NDArray[np.float32]) -> NDArray[np.float64]:
    """The closed walks of three steps in each matrix: the trace of its cube."""
    squares = matrices @ matrices
    traces: NDArray[np.float64] = np.einsum("tij,tji->t", squares, matrices, dtype=np.float64)
    return traces
