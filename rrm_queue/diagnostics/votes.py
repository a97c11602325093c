"""Votes column by column, as the diagnostics read them."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rrm_queue.domain import Label, Verdict

NONE, TIE, FIRST, SECOND = -1, 0, 1, 2
"""What a vote says: no verdict, a tie, the answer shown first or the one shown second."""

_CODES = {"none": NONE, "tie": TIE, "first": FIRST, "second": SECOND}
"""By the words of `Verdict` and `Label`."""


def codes(said: Iterable[Verdict | Label | None]) -> NDArray[np.int8]:
    """Verdicts or labels as the diagnostics read them; None is for none, as Verdict.NONE is."""
    return np.fromiter((_CODES[word or Verdict.NONE] for word in said), np.int8)


@dataclass(frozen=True, slots=True)
class Votes:
    """A job's votes; a row is a vote.

    `matches` are any numbers that tell matches apart, `numbers` the votes' numbers in their match,
    `swapped` whether the match's second candidate was shown first, `verdicts` NONE, TIE, FIRST or
    SECOND by the place on show.
    """

    matches: NDArray[np.int64]
    numbers: NDArray[np.int64]
    swapped: NDArray[np.bool_]
    verdicts: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.verdicts)

    def first(self, count: int) -> "Votes":
        """The first `count` votes of each match, by number.

        Where a match stops when it is decided, it has more votes the less they agree, and rates
        over all votes lean towards disagreement; the first two are cast in every match of more.
        """
        return self.where(self.rows_of_first(count))

    def rows_of_first(self, count: int) -> NDArray[np.int64]:
        """The rows of `first`, match by match."""
        order = np.lexsort((self.numbers, self.matches))
        starts = np.unique(self.matches[order], return_index=True)[1]
        places = np.arange(len(self)) - np.repeat(starts, np.diff(np.append(starts, len(self))))
        rows: NDArray[np.int64] = order[places < count]
        return rows

    def where(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Votes":
        """These rows."""
        return Votes(
            self.matches[rows], self.numbers[rows], self.swapped[rows], self.verdicts[rows]
        )

    def parts(self) -> tuple[NDArray[np.int64], int]:
        """The number of each row's match, from 0, and how many matches there are."""
        ids, parts = np.unique(self.matches, return_inverse=True)
        return parts, len(ids)

    def winners(self) -> NDArray[np.int8]:
        """The verdicts by candidate instead of place: FIRST is the match's first candidate."""
        decided = self.verdicts > TIE
        return np.where(decided & self.swapped, 3 - self.verdicts, self.verdicts)
