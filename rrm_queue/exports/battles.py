"""`battles`: decided matches in the format of arenas, for other rating programs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from rrm_queue.domain import Candidate, DecidedBy
from rrm_queue.exports.base import Detail, Row, Type
from rrm_queue.views.tournaments import FinishedTournament


class Columns(StrEnum):
    """Which program's column names a battle has.

    `arena`: model_a, model_b and a winner of `model_a`, `model_b` or `tie` (FastChat, arena-rank).
    `evalica`: left, right and a winner of `left`, `right` or `tie` (Evalica's own command).
    """

    ARENA = "arena"
    EVALICA = "evalica"


@dataclass(frozen=True, slots=True)
class Battles:
    """The matches between two generators, or two candidates where there is no generator.

    A match that a coin decided is a tie, because its votes were equal; so is one between equal
    texts. Matches between two answers of one generator, and those that the judge refused, are left
    out.
    """

    battle_columns: Columns = Columns.ARENA
    detail: ClassVar[Detail] = Detail.MATCHES

    @property
    def columns(self) -> Mapping[str, Type]:
        """The two sides, who won, where, and what decided it: votes, a coin or equal texts."""
        names = (*self._sides, "winner", "tournament", "decided_by")
        return dict.fromkeys(names, Type.TEXT)

    @property
    def _sides(self) -> tuple[str, str]:
        return ("left", "right") if self.battle_columns is Columns.EVALICA else _ARENA

    def rows(self, tournament: FinishedTournament) -> Iterator[Row]:
        """One row for each match."""
        one, two = self._sides
        for match in tournament.matches:
            first, second = match.first, match.second
            left = _name(tournament.candidate(first))
            right = _name(tournament.candidate(second))
            if left != right and match.decided_by is not DecidedBy.REFUSED:
                won = {first: one, second: two, None: "tie"}[match.judged_winner]
                row = {one: left, two: right, "winner": won, "tournament": tournament.key}
                yield row | {"decided_by": match.decided_by}


_ARENA = ("model_a", "model_b")


def _name(candidate: Candidate) -> str:
    return candidate.key if candidate.generator is None else candidate.generator
