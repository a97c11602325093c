"""`best`: the answer that won, one row for each prompt."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from rrm_queue.exports.base import Detail, Row, Type
from rrm_queue.views.tournaments import FinishedTournament


@dataclass(frozen=True, slots=True)
class Best:
    """The champion of each tournament."""

    detail: ClassVar[Detail] = Detail.NOTHING

    @property
    def columns(self) -> Mapping[str, Type]:
        """The prompt, its best answer, and who wrote that answer."""
        names = ("prompt", "answer", "candidate", "generator", "tournament")
        return dict.fromkeys(names, Type.TEXT)

    def rows(self, tournament: FinishedTournament) -> Iterator[Row]:
        """One row."""
        best = tournament.candidate(tournament.standings[0].candidate)
        yield {
            "prompt": tournament.prompt,
            "answer": best.text,
            "candidate": best.key,
            "generator": best.generator,
            "tournament": tournament.key,
        }
