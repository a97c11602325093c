"""`rankings`: the standings, one row for each candidate or one for each tournament."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from rrm_queue.exports.base import Detail, Row, Type
from rrm_queue.views.tournaments import FinishedTournament


class Per(StrEnum):
    """What each row describes."""

    CANDIDATE = "candidate"
    TOURNAMENT = "tournament"


_OF_CANDIDATE = {
    "tournament": Type.TEXT,
    "prompt": Type.TEXT,
    "candidate": Type.TEXT,
    "generator": Type.TEXT,
    "answer": Type.TEXT,
    "rank": Type.WHOLE,
    "wins": Type.WHOLE,
    "losses": Type.WHOLE,
    "draws": Type.WHOLE,
    "elo": Type.NUMBER,
    "bt": Type.NUMBER,
    "tied": Type.TRUTH,
}

_FIGURES = ("rank", "wins", "losses", "draws", "elo", "bt")

_OF_TOURNAMENT = {
    "tournament": Type.TEXT,
    "prompt": Type.TEXT,
    "candidates": Type.TEXTS,
    "ranks": Type.WHOLES,
    "decided_by": Type.TEXT,
    "tied": Type.TRUTH,
}


@dataclass(frozen=True, slots=True)
class Rankings:
    """All standings; tied candidates share a rank (1, 2, 2, 4).

    Of a tournament `decided_by` says what put its champion first, see `ChampionBy`, and it is
    `tied` where that was a coin, or where another answer shares the first rank.
    """

    per: Per = Per.CANDIDATE
    detail: ClassVar[Detail] = Detail.NOTHING

    @property
    def columns(self) -> Mapping[str, Type]:
        """A candidate's standing, or a tournament's candidates from the best to the worst."""
        return _OF_TOURNAMENT if self.per is Per.TOURNAMENT else _OF_CANDIDATE

    def rows(self, tournament: FinishedTournament) -> Iterator[Row]:
        """One row for each candidate by rank, or one row for the tournament."""
        head = {"tournament": tournament.key, "prompt": tournament.prompt}
        if self.per is Per.TOURNAMENT:
            order = [tournament.candidate(line.candidate).key for line in tournament.standings]
            ranks = [line.rank for line in tournament.standings]
            by = {"decided_by": tournament.decided_by, "tied": tournament.tied}
            yield head | {"candidates": order, "ranks": ranks} | by
            return
        shared = Counter(line.rank for line in tournament.standings)
        for line in tournament.standings:
            who = tournament.candidate(line.candidate)
            names = {"candidate": who.key, "generator": who.generator, "answer": who.text}
            figures = {name: getattr(line, name) for name in _FIGURES}
            yield head | names | figures | {"tied": shared[line.rank] > 1}
