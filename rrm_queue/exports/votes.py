"""`votes`: every vote with its reasoning."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from rrm_queue.domain import Pairing, Verdict, Vote
from rrm_queue.exports.base import Detail, Finished, Row, Type

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
}


@dataclass(frozen=True, slots=True)
class Votes:
    """The votes of all decided matches."""

    detail: ClassVar[Detail] = Detail.VOTES

    @property
    def columns(self) -> Mapping[str, Type]:
        """A vote; `first` and `second` are the match's, `verdict` is of the answers as shown."""
        return _COLUMNS

    def rows(self, tournament: Finished) -> Iterator[Row]:
        """A row a vote, by match and number."""
        for match in tournament.matches:
            pair = match.pairing
            head = {
                "tournament": tournament.key,
                "round": pair.position.round,
                "slot": pair.position.slot,
                "first": tournament.named(pair.first).key,
                "second": tournament.named(pair.second).key,
            }
            for vote in match.votes:
                said = {name: getattr(vote, name) for name in tuple(_COLUMNS)[5:] if name != WINNER}
                winner = winner_of(tournament, pair, vote)
                row = head | said | {WINNER: winner}
                yield {name: row[name] for name in _COLUMNS}


WINNER = "winner"


def winner_of(tournament: Finished, pair: Pairing, vote: Vote) -> str | None:
    """The key of the candidate that the vote is for; None for a draw or no verdict."""
    if vote.verdict not in (Verdict.FIRST, Verdict.SECOND):
        return None
    for_first = (vote.verdict is Verdict.FIRST) is not vote.swapped
    return tournament.named(pair.first if for_first else pair.second).key
