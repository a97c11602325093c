"""`votes`: every vote with its reasoning."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from rrm_queue.domain import JudgeSpec, Vote, Voting
from rrm_queue.domain.jury import judge_of
from rrm_queue.exports.base import Detail, Row, Type
from rrm_queue.views.matches import Match
from rrm_queue.views.tournaments import FinishedTournament

_COLUMNS = {
    "tournament": Type.TEXT,
    "round": Type.WHOLE,
    "slot": Type.WHOLE,
    "first": Type.TEXT,
    "second": Type.TEXT,
    "number": Type.WHOLE,
    "swapped": Type.TRUTH,
    "verdict": Type.TEXT,
    "no_verdict": Type.TEXT,
    "winner": Type.TEXT,
    "text": Type.TEXT,
    "model": Type.TEXT,
    "seed": Type.WHOLE,
    "prompt_tokens": Type.WHOLE,
    "completion_tokens": Type.WHOLE,
    "seconds": Type.NUMBER,
    "margin": Type.WHOLE,
    "probability": Type.NUMBER,
    "judge": Type.TEXT,
    "person": Type.TEXT,
}

_OF_VOTE = [name for name in tuple(_COLUMNS)[5:] if name not in {"winner", "judge"}]
"""The columns that are fields of a vote."""


@dataclass(frozen=True, slots=True)
class Votes:
    """The votes of all decided matches; the judge of each, of the job's judge or jury.

    With `include_failed` also those of failed tournaments, decided or not: they were paid for. A
    column then tells them apart.
    """

    include_failed: bool = False
    judge: JudgeSpec = field(default_factory=lambda: JudgeSpec(""))
    voting: Voting = field(default_factory=Voting)
    detail: ClassVar[Detail] = Detail.VOTES

    @property
    def columns(self) -> Mapping[str, Type]:
        """The columns of a vote. `first` and `second` are the match's; `verdict` is as shown."""
        return _COLUMNS | {"tournament_failed": Type.TRUTH} if self.include_failed else _COLUMNS

    def rows(self, tournament: FinishedTournament) -> Iterator[Row]:
        """One row for each vote, by match and number."""
        for match in tournament.matches:
            head = {
                "tournament": tournament.key,
                "round": match.round,
                "slot": match.slot,
                "first": tournament.candidate(match.first).key,
                "second": tournament.candidate(match.second).key,
            }
            for vote in match.cast:
                cells = {name: getattr(vote, name) for name in _OF_VOTE}
                winner = vote_winner(tournament, match, vote)
                judge = judge_of(self.judge, vote.number, self.voting).label
                row = head | cells | {"winner": winner, "judge": judge}
                row["tournament_failed"] = tournament.failed
                yield {name: row[name] for name in self.columns}


def vote_winner(tournament: FinishedTournament, match: Match, vote: Vote) -> str | None:
    """The key of the candidate that the vote is for; None for a tie and for no verdict."""
    chosen = match.chosen(vote)
    return None if chosen is None else tournament.candidate(chosen).key
