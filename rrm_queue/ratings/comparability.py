"""Which candidates the results compare, and which only the prior compares."""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

FEW = 300
"""Candidates up to which dense matrices are as fast as SciPy's graphs."""


class Comparability(Struct, frozen=True):
    """What the results connect; arrays by candidate number.

    `components`: candidates of different components share no chain of matches; nothing compares
    them. `groups`: within a component, candidates of different groups are joined by wins in one
    direction only, so that the likelihood has no finite difference between them (Ford, Solution of
    a ranking problem from binary comparisons, 1957): a finite one is the prior's. Both are numbered
    from 0 by their lowest member. `undefeated` have matches and won all of them, `winless` lost all
    of them: on that side their interval ends only through the prior.
    """

    components: NDArray[np.int64]
    groups: NDArray[np.int64]
    undefeated: NDArray[np.bool_]
    winless: NDArray[np.bool_]

    @property
    def estimable(self) -> bool:
        """Whether the results alone, without a prior, give every candidate a finite rating."""
        return not self.groups.any()


def comparability(wins: NDArray[np.float64]) -> Comparability:
    """What a matrix of wins connects; a draw, half a win to either, connects both ways."""
    won, lost = wins.sum(axis=1) > 0, wins.sum(axis=0) > 0
    return Comparability(
        _numbered(_connected(wins > 0, strong=False)),
        _numbered(_connected(wins > 0, strong=True)),
        won & ~lost,
        lost & ~won,
    )


def _connected(graph: NDArray[np.bool_], *, strong: bool) -> NDArray[np.int64]:
    """The connected part of each node, strongly or in any direction, named by any number."""
    size = len(graph)
    if size > FEW:
        from scipy.sparse.csgraph import connected_components  # it takes as long as NumPy to load

        parts = connected_components(graph, connection="strong" if strong else "weak")[1]
        return np.asarray(parts, np.int64)
    reached = (graph if strong else graph | graph.T) | np.eye(size, dtype=np.bool_)
    for _ in range(size.bit_length()):  # each doubles how long the paths may be
        reached = reached.astype(np.float32) @ reached.astype(np.float32) > 0
    return np.asarray(np.argmax(reached & reached.T, axis=1))  # the first node of the part


def _numbered(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same partition, its parts numbered in order of their first member."""
    _, starts, parts = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(starts))[parts]
