"""`best`: the answer that won, one row for each prompt."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from rrm_queue.exports.base import Detail, Row, Type
from rrm_queue.views.tournaments import FinishedTournament


@dataclass(frozen=True, slots=True)
class Best:
    """The champion of each tournament; with `drop_tied` only where the votes put it first.

    `decided_by` says what put it first, see `ChampionBy`. It is `tied` where that was a coin, or
    where another answer shares its rank.
    """

    drop_tied: bool = False
    detail: ClassVar[Detail] = Detail.NOTHING

    @property
    def columns(self) -> Mapping[str, Type]:
        """The prompt, its best answer, who wrote that answer, and what put it first."""
        names = ("prompt", "answer", "candidate", "generator", "tournament", "decided_by")
        return dict.fromkeys(names, Type.TEXT) | {"tied": Type.TRUTH}

    def rows(self, tournament: FinishedTournament) -> Iterator[Row]:
        """One row, or none where the champion is tied and `drop_tied` leaves it out."""
        if self.drop_tied and tournament.tied:
            return
        best = tournament.candidate(tournament.standings[0].candidate)
        yield {
            "prompt": tournament.prompt,
            "answer": best.text,
            "candidate": best.key,
            "generator": best.generator,
            "tournament": tournament.key,
            "decided_by": tournament.decided_by,
            "tied": tournament.tied,
        }
