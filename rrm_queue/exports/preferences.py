"""`preferences`: pairs of a better and a worse answer, as TRL's trainers read them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from heapq import nlargest
from itertools import groupby, pairwise
from typing import Any, ClassVar, NamedTuple, assert_never

from rrm_queue.domain import CandidateNumber, Standing
from rrm_queue.exports.base import Detail, Row, Type
from rrm_queue.exports.decisions import Decisions, Edge
from rrm_queue.views.tournaments import FinishedTournament


class Pairs(StrEnum):
    """Which pairs of a tournament."""

    BEST_WORST = "best-worst"
    DECIDED = "decided"
    ADJACENT = "adjacent"


class Rating(StrEnum):
    """The rating that a margin is measured in."""

    BT = "bt"
    ELO = "elo"


class Pair(NamedTuple):
    """Two candidates, the better first, and by how many points it is rated higher.

    `decided`: the judge decided it itself; if not, it follows from other decisions. `tied`: the two
    share a rank.
    """

    chosen: CandidateNumber
    rejected: CandidateNumber
    margin: float
    decided: bool
    tied: bool


@dataclass(frozen=True, slots=True)
class Preferences:
    """Pairs that the judge decided itself; with `transitive` also pairs that follow from those.

    `margin` is the smallest difference of the ratings. `most` limits the pairs of a prompt to
    those with the largest margins. With `messages` the texts are lists of chat messages.
    """

    pairs: Pairs = Pairs.BEST_WORST
    rating: Rating = Rating.BT
    margin: float | None = None
    most: int | None = None
    transitive: bool = False
    messages: bool = False
    detail: ClassVar[Detail] = Detail.MATCHES

    @property
    def columns(self) -> Mapping[str, Type]:
        """TRL's three columns, then ids, the margin, and what decided the pair.

        None is called `margin`: TRL would use it in its loss.
        """
        texts = Type.MESSAGES if self.messages else Type.TEXT
        names = ("tournament", "chosen_id", "rejected_id", "chosen_generator", "rejected_generator")
        return {
            **dict.fromkeys(("prompt", "chosen", "rejected"), texts),
            **dict.fromkeys(names, Type.TEXT),
            "rating_margin": Type.NUMBER,
            "decided_by": Type.TEXT,
            "tied": Type.TRUTH,
        }

    def rows(self, tournament: FinishedTournament) -> Iterator[Row]:
        """One row for each pair."""
        for pair in self._chosen(tournament):
            better, worse = tournament.candidate(pair.chosen), tournament.candidate(pair.rejected)
            yield {
                "prompt": self._said("user", tournament.prompt),
                "chosen": self._said("assistant", better.text),
                "rejected": self._said("assistant", worse.text),
                "tournament": tournament.key,
                "chosen_id": better.key,
                "rejected_id": worse.key,
                "chosen_generator": better.generator,
                "rejected_generator": worse.generator,
                "rating_margin": pair.margin,
                "decided_by": "votes" if pair.decided else "transitive",
                "tied": pair.tied,
            }

    def _chosen(self, tournament: FinishedTournament) -> Iterable[Pair]:
        lines = {line.candidate: line for line in tournament.standings}
        decisions = Decisions.of(tournament.matches)
        pairs = (
            Pair(
                better,
                worse,
                self._rated(lines[better]) - self._rated(lines[worse]),
                decisions.decided(better, worse),
                lines[better].rank == lines[worse].rank,
            )
            for better, worse in self._pairs(tournament, decisions)
        )
        wide = (pair for pair in pairs if self.margin is None or pair.margin >= self.margin)
        if self.most is None:
            return wide
        # Rounded, so that the last bits of a rating do not decide between equals.
        return nlargest(self.most, wide, key=lambda pair: round(pair.margin, 6))

    def _rated(self, line: Standing) -> float:
        return line.bt if self.rating is Rating.BT else line.elo

    def _pairs(self, tournament: FinishedTournament, decisions: Decisions) -> Iterator[Edge]:
        prefers = decisions.implies if self.transitive else decisions.decided
        match self.pairs:
            case Pairs.DECIDED:
                yield from decisions.closure() if self.transitive else decisions.pairs()
            case Pairs.BEST_WORST:
                best = tournament.standings[0].candidate
                worst = (line.candidate for line in _last(tournament.standings))
                found = next((one for one in worst if prefers(best, one)), None)
                if found is not None:
                    yield best, found
            case Pairs.ADJACENT:
                for above, below in pairwise(tournament.standings):
                    if prefers(above.candidate, below.candidate) and above.rank < below.rank:
                        yield above.candidate, below.candidate
            case _:
                assert_never(self.pairs)

    def _said(self, role: str, text: str) -> Any:
        return [{"role": role, "content": text}] if self.messages else text


def _last(standings: Iterable[Standing]) -> list[Standing]:
    """The candidates that share the last rank, the last listed first; never the champion."""
    ranks = [list(group) for _, group in groupby(standings, key=lambda line: line.rank)]
    return ranks[-1][::-1] if len(ranks) > 1 else []
