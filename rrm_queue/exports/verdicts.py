"""`verdicts`: what `--judge replay:FILE` reads back, so that a job can be judged again for nothing.

A recording holds one verdict for a pair in an order. Where a match's votes in one order differ, or
more than the verdicts decided it, its outcome stands in both orders instead of its votes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from rrm_queue.domain import Launch, OnNoVerdict, Stop, Verdict, Vote, Voting
from rrm_queue.exports.base import Detail, Finished, Match, Row, Type
from rrm_queue.exports.votes import winner_of

_COLUMNS = dict.fromkeys(("tournament", "first", "second", "winner", "no_verdict"), Type.TEXT)

Said = tuple[str | None, str | None]
"""The winner's key, and why there was no verdict."""

Shown = tuple[str, str]
"""The keys in the order in which they were shown."""


@dataclass(slots=True)
class Verdicts:
    """The verdicts of all decided matches, for a job with the same seed, strategy and voting.

    `contradicted` counts matches of a pair that met before in the tournament and ended otherwise:
    a recording can hold only one of them, and holds the first.
    """

    voting: Voting = field(default_factory=Voting)
    contradicted: int = 0
    detail: ClassVar[Detail] = Detail.VERDICTS

    @property
    def columns(self) -> Mapping[str, Type]:
        """The columns of `docs/input.md`'s recording."""
        return _COLUMNS

    def rows(self, tournament: Finished) -> Iterator[Row]:
        """One row for each order, at most two a pair."""
        recorded: dict[frozenset[str], dict[Shown, Said]] = {}
        for match in tournament.matches:
            lines = spoken(tournament, match, self.voting)
            pair = frozenset(next(iter(lines)))
            if pair in recorded:
                self.contradicted += recorded[pair] != lines
                continue
            recorded[pair] = lines
            for (first, second), (winner, reason) in lines.items():
                row = {"tournament": tournament.key, "first": first, "second": second}
                yield row | {"winner": winner, "no_verdict": reason}


def spoken(tournament: Finished, match: Match, voting: Voting) -> dict[Shown, Said]:
    """What was said of the match's pair, by the order in which it was shown."""
    pair = match.pairing
    keys = tournament.named(pair.first).key, tournament.named(pair.second).key
    lines: dict[Shown, Said] = {}
    faithful = _follows(match.votes, voting)
    for vote in match.votes:
        shown = keys[::-1] if vote.swapped else keys
        said = winner_of(tournament, pair, vote), vote.no_verdict and str(vote.no_verdict)
        faithful &= lines.setdefault(shown, said) == said
    if faithful and lines:
        return lines
    winner = None if match.by_judge is None else tournament.named(match.by_judge).key
    return {keys: (winner, None), keys[::-1]: (winner, None)}


def _follows(votes: Sequence[Vote], voting: Voting) -> bool:
    """Whether the outcome follows from the verdicts: no vote's coin, no race between votes."""
    coined = voting.on_no_verdict is OnNoVerdict.COIN
    raced = voting.launch is Launch.ALL and voting.stop is Stop.LEAD
    return not raced and not (coined and any(vote.verdict is Verdict.NONE for vote in votes))
