"""`verdicts`: what the judge `replay:FILE` reads, so that a job can be judged again at no cost.

A recording holds one verdict for each order of a pair. Where a match's votes in one order differ,
or where its outcome does not follow from the verdicts alone, the recording holds the match's
outcome for both orders instead of its votes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from rrm_queue.domain import Launch, OnNoVerdict, Stop, Verdict, Vote, Voting
from rrm_queue.exports.base import Detail, Row, Type
from rrm_queue.exports.votes import vote_winner
from rrm_queue.views.matches import Match
from rrm_queue.views.tournaments import FinishedTournament

_COLUMNS = dict.fromkeys(
    ("tournament", "first", "second", "winner", "no_verdict", "decided_by"), Type.TEXT
)

Said = tuple[str | None, str | None]
"""The winner's key, and why there was no verdict."""

Shown = tuple[str, str]
"""The keys in the order in which they were shown."""


@dataclass(slots=True)
class Verdicts:
    """The verdicts of all decided matches, for a job with the same seed, strategy and voting.

    A recording holds one match of each pair. Where a pair met again in a tournament with another
    outcome, it holds the first match; `contradicted` counts the others.
    """

    voting: Voting = field(default_factory=Voting)
    contradicted: int = 0
    detail: ClassVar[Detail] = Detail.VERDICTS

    @property
    def columns(self) -> Mapping[str, Type]:
        """The columns of a recording, see `docs/input.md`, and what decided the match."""
        return _COLUMNS

    def rows(self, tournament: FinishedTournament) -> Iterator[Row]:
        """One row for each order of a pair, so at most two for each pair."""
        recorded: dict[frozenset[str], dict[Shown, Said]] = {}
        for match in tournament.matches:
            lines = recorded_verdicts(tournament, match, self.voting)
            pair = frozenset(next(iter(lines)))
            if pair in recorded:
                self.contradicted += recorded[pair] != lines
                continue
            recorded[pair] = lines
            for (first, second), (winner, reason) in lines.items():
                row: dict[str, str | None] = {"tournament": tournament.key}
                row |= {"first": first, "second": second}
                row |= {"winner": winner, "no_verdict": reason}
                yield row | {"decided_by": match.decided_by}


def recorded_verdicts(
    tournament: FinishedTournament, match: Match, voting: Voting
) -> dict[Shown, Said]:
    """The verdicts on the match's pair, by the order in which it was shown."""
    keys = tournament.candidate(match.first).key, tournament.candidate(match.second).key
    lines: dict[Shown, Said] = {}
    faithful = _follows(match.cast, voting)
    for vote in match.cast:
        shown = keys[::-1] if vote.swapped else keys
        reason = None if vote.no_verdict is None else str(vote.no_verdict)
        said = vote_winner(tournament, match, vote), reason
        faithful &= lines.setdefault(shown, said) == said
    if faithful and lines:
        return lines
    won = match.judged_winner
    winner = None if won is None else tournament.candidate(won).key
    return {keys: (winner, None), keys[::-1]: (winner, None)}


def _follows(votes: Sequence[Vote], voting: Voting) -> bool:
    """Whether the verdicts alone decide the outcome: no coin for a vote, no race, no jury."""
    coined = voting.on_no_verdict is OnNoVerdict.COIN
    raced = voting.launch is Launch.ALL and voting.stop is Stop.LEAD
    jury = voting.judges > 1  # a recording has one judge
    return (
        not raced
        and not jury
        and not (coined and any(vote.verdict is Verdict.NONE for vote in votes))
    )
