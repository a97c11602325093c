"""What each tournament contributes to the ratings: the noise that it brings, and how evenly."""

from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from rrm_queue.ratings.bradley_terry import Strengths, expected
from rrm_queue.ratings.columns import Columns

Matrix = NDArray[np.float64]
Whole = NDArray[np.int64]

CELLS = 2_000_000
"""Numbers of the blocks that are in memory at once."""


class Contributions(Struct, frozen=True):
    """The gradient and the information of each cluster, for its own candidates only.

    A cell is a candidate in a cluster. `owners` (clusters, ascending), `members` (candidates),
    `gradients` and `weights` (the candidate's own information) are arrays over cells; cluster c has
    the `widths[c]` cells from `starts[c]` on. The rows are the matches: `clusters`, the cells of
    their first and second candidate, and the information p(1 - p) of each.
    """

    size: int
    owners: Whole
    members: Whole
    gradients: Matrix
    weights: Matrix
    starts: Whole
    widths: Whole
    clusters: Whole
    firsts: Whole
    seconds: Whole
    informations: Matrix

    def effective(self) -> Matrix:
        """How many equally large clusters each candidate's information amounts to.

        The effective number of clusters of Carter, Schnepel and Steigerwald (2017), of a
        candidate's own matches: (sum of w)² / sum of w².
        """
        total = np.bincount(self.members, self.weights, self.size)
        squares = np.bincount(self.members, self.weights**2, self.size)
        return total**2 / np.maximum(squares, np.finfo(float).tiny)

    def degrees(self) -> int:
        """The degrees of freedom that all clusters together have to tell how they differ."""
        return max(1, len(self.owners) - len(self.widths) - self.size + 1)

    def dispersion(self, scores: Matrix) -> float:
        """The variance of independent matches with these scores, as a share of p(1 - p).

        A match that scores y, p on average, has the variance p(1 - p) less the mean of y(1 - y): a
        draw varies less than a win. Two more wins keep it from being 0 where every match is drawn.
        """
        decided = float(self.informations.sum()) + 0.5
        return 1 - float((scores * (1 - scores)).sum()) / decided

    def noise(self) -> Matrix:
        """The variance of the likelihood's gradient: the sum of each cluster's, squared."""
        found = np.zeros((self.size, self.size))
        for cells in self._parts():
            gradients = self.gradients[cells]
            self._add(found, cells, gradients[:, :, None] * gradients[:, None, :])
        return found

    def usual_noise(self, inverse: Matrix) -> Matrix:
        """What `noise` would be on average if all matches were independent; H⁻¹ is `inverse`.

        That is less than the information: a fit follows the results that it was made from, the more
        so the larger a cluster's part of the information is (Bell and McCaffrey 2002).
        """
        usual = np.zeros((self.size, self.size))
        for cells, blocks in self._blocks():
            members = self.members[cells]
            between = inverse[members[:, :, None], members[:, None, :]]
            self._add(usual, cells, blocks - blocks @ between @ blocks)
        return usual

    def _add(self, found: Matrix, cells: Whole, blocks: Matrix) -> None:
        """Adds the blocks of these clusters to the matrix of all candidates."""
        members = self.members[cells]
        places = members[:, :, None] * self.size + members[:, None, :]
        found += np.bincount(places.ravel(), blocks.ravel(), found.size).reshape(found.shape)

    def _parts(self) -> Iterator[Whole]:
        """The cells of clusters with equally many candidates: a row a cluster."""
        # As `np.unique`, which would load `numpy.ma`: a command would start later.
        for width in np.flatnonzero(np.bincount(self.widths)).tolist():
            starts = self.starts[self.widths == width]
            step = max(1, CELLS // width**2)
            for begin in range(0, len(starts), step):
                yield starts[begin : begin + step, None] + np.arange(width)

    def _blocks(self) -> Iterator[tuple[Whole, Matrix]]:
        """Those cells with the information of each cluster: count x width x width."""
        places = np.full(len(self.widths), -1)
        for cells in self._parts():
            count, width = cells.shape
            places[:] = -1
            places[self.owners[cells[:, 0]]] = np.arange(count)
            rows = np.flatnonzero(places[self.clusters] >= 0)
            place = places[self.clusters[rows]]
            one = self.firsts[rows] - cells[place, 0]
            two = self.seconds[rows] - cells[place, 0]
            corner, w = place * width * width, self.informations[rows]
            blocks = np.zeros(count * width * width)
            for row, column in ((one, two), (two, one)):
                blocks -= np.bincount(corner + row * width + column, w, len(blocks))
            blocks = blocks.reshape(count, width, width)
            blocks[:, np.arange(width), np.arange(width)] = self.weights[cells]
            yield cells, blocks


def contributions(columns: Columns, fit: Strengths, clusters: Whole) -> Contributions:
    """What each cluster contributes at the ratings of `fit`; `clusters` are numbered from 0.

    Rows of a cluster may depend on one another in any way; clusters are independent. A number to
    each row makes `noise` Huber's and White's.
    """
    chances = expected(fit.points[columns.firsts], fit.points[columns.seconds])
    surprise, information = columns.scores - chances, chances * (1 - chances)
    sides = np.concatenate((columns.firsts, columns.seconds))
    cells, places = np.unique(np.tile(clusters, 2) * columns.size + sides, return_inverse=True)
    owners, members = np.divmod(cells, columns.size)
    return Contributions(
        columns.size,
        owners,
        members,
        _sums(places, np.concatenate((surprise, -surprise)), len(cells)),
        _sums(places, np.tile(information, 2), len(cells)),
        np.flatnonzero(np.diff(owners, prepend=-1)),
        np.bincount(owners),
        clusters,
        places[: len(columns)],
        places[len(columns) :],
        information,
    )


def _sums(places: Whole, parts: Matrix, size: int) -> Matrix:
    """The sum of the parts at each place."""
    return np.bincount(places, parts, size).astype(np.float64)
