"""Results column by column, as Evalica reads them."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from rrm_queue.columns import FIRST, SECOND, TIE
from rrm_queue.domain import Result

_NOBODY = -1
_SCORES = np.array((0.5, 1.0, 0.0))
"""What the first candidate scores for TIE, FIRST and SECOND."""

_SIDES = np.array((TIE, FIRST, SECOND), np.uint8)
"""Evalica has the same numbers."""


class Columns(Struct, frozen=True):
    """The results of a tournament of `size` candidates; a row is a match.

    `firsts` and `seconds` are candidate numbers, `winners` TIE, FIRST or SECOND. `soft` are
    what the firsts scored where that is no whole win: the means of votes' probabilities.
    """

    size: int
    firsts: NDArray[np.int64]
    seconds: NDArray[np.int64]
    winners: NDArray[np.uint8]
    soft: NDArray[np.float64] | None = None

    @property
    def scores(self) -> NDArray[np.float64]:
        """What the first candidate of each match scored, 0 to 1; a draw is 0.5."""
        return _SCORES[self.winners] if self.soft is None else self.soft

    def __len__(self) -> int:
        return len(self.winners)

    @classmethod
    def of(cls, size: int, results: Sequence[Result] | NDArray[np.int64]) -> "Columns":
        """The results, lower number first, sorted; as rows: first, second, winner or -1.

        So no rating depends on when a result came in or on which candidate was shown first.
        """
        rows = results if isinstance(results, np.ndarray) else _rows(results)
        firsts, seconds = np.minimum(rows[:, 0], rows[:, 1]), np.maximum(rows[:, 0], rows[:, 1])
        winners = _SIDES[(rows[:, 2] == firsts) + 2 * (rows[:, 2] == seconds)]
        order = np.lexsort((winners, seconds, firsts))
        return cls(size, firsts[order], seconds[order], winners[order])

    def records(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """How often each candidate won, lost and drew: three arrays of length `size`."""
        drawn, won = self.winners == TIE, self.winners == FIRST
        decided = ~drawn
        winners = np.where(won, self.firsts, self.seconds)[decided]
        losers = np.where(won, self.seconds, self.firsts)[decided]
        return (
            np.bincount(winners, minlength=self.size),
            np.bincount(losers, minlength=self.size),
            np.bincount(self.firsts[drawn], minlength=self.size)
            + np.bincount(self.seconds[drawn], minlength=self.size),
        )

    def wins(self) -> NDArray[np.float64]:
        """How often the row's candidate beat the column's, a draw as half a win to either."""
        return self.weighted_wins(np.ones(len(self)))

    def weighted_wins(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same with each row counted `weights` times."""
        cells = self.size * self.size
        forth, back = self.firsts * self.size + self.seconds, self.seconds * self.size + self.firsts
        counts = np.zeros(cells)
        counts += np.bincount(forth, weights * self.scores, cells)
        counts += np.bincount(back, weights * (1 - self.scores), cells)
        return counts.reshape(self.size, self.size)


def _rows(results: Sequence[Result]) -> NDArray[np.int64]:
    cells = (
        number
        for result in results
        for number in (
            result.first,
            result.second,
            _NOBODY if result.winner is None else result.winner,
        )
    )
    return np.fromiter(cells, np.int64, 3 * len(results)).reshape(-1, 3)
