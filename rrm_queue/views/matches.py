"""A match and its votes as the store returns them to a face."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from rrm_queue.domain import (
    Candidate,
    CandidateNumber,
    DecidedBy,
    JudgeSpec,
    MatchId,
    MatchState,
    Position,
    Verdict,
    Vote,
    Voting,
)
from rrm_queue.domain.jury import judge_of
from rrm_queue.text import count, printable

MARGINS = ("", "slightly better", "much better")
"""How a vote's margin is shown."""


class RecordedVote(Vote, frozen=True):
    """A vote as the store holds it; `reused` when an earlier match had paid for it."""

    reused: bool = False

    @property
    def facts(self) -> list[str]:
        """What the vote cost, and what is unusual about it, in words."""
        facts = [] if self.person is None else [f"by {printable(self.person)}"]
        if self.margin:
            facts.append(MARGINS[self.margin])
        if self.probability is not None:
            facts.append(f"probability of the first {self.probability:.2f}")
        if self.prompt_tokens or self.completion_tokens:
            cached = f" ({self.cached_tokens:,} cached)" if self.cached_tokens else ""
            facts.append(f"{self.prompt_tokens:,}{cached} + {self.completion_tokens:,} tokens")
        if self.seconds:
            facts.append(f"{self.seconds:.1f} s")
        if self.samples > 1:
            facts.append(count(self.samples, "sample"))
        if self.reused:
            facts.append("reused")
        if self.neutralised:
            facts.append("neutralised")
        return facts


class Match(Struct, frozen=True):
    """A match; `cast` holds its votes by number, where the reader asked for votes."""

    round: int
    slot: int
    first: CandidateNumber
    second: CandidateNumber
    state: MatchState
    winner: CandidateNumber | None
    decided_by: DecidedBy | None
    cast: Sequence[RecordedVote] = ()

    @property
    def name(self) -> str:
        """Such as `1.0`: its round, from 1, and its place in the round, from 0."""
        return f"{self.round}.{self.slot}"

    @property
    def position(self) -> Position:
        """Where it stands in its tournament."""
        return Position(self.round, self.slot)

    @property
    def done(self) -> bool:
        """Whether it is decided."""
        return self.state is MatchState.DONE

    @property
    def failed(self) -> bool:
        """Whether it failed."""
        return self.state is MatchState.FAILED

    @property
    def by_coin(self) -> bool:
        """Whether it was tied and settled by a coin."""
        return self.decided_by is DecidedBy.COIN

    @property
    def judged_winner(self) -> CandidateNumber | None:
        """The winner by the judge's own votes; None for a draw, and where they did not decide."""
        return self.winner if self.decided_by is DecidedBy.VOTES else None

    def shown(self, vote: Vote) -> tuple[CandidateNumber, CandidateNumber]:
        """The candidates in the order in which the vote saw their answers."""
        return (self.second, self.first) if vote.swapped else (self.first, self.second)

    def chosen(self, vote: Vote) -> CandidateNumber | None:
        """The candidate that the vote is for; None for a tie and for no verdict."""
        one, two = self.shown(vote)
        return {Verdict.FIRST: one, Verdict.SECOND: two}.get(vote.verdict)


_UNJUDGED: Mapping[DecidedBy | None, str] = {
    DecidedBy.EQUAL: ": the answers are equal",
    DecidedBy.REFUSED: ": the judge refused the match",
}


class TalliedMatch(Match, frozen=True, kw_only=True):
    """A match with its votes counted: in all, and for either candidate.

    The other votes are ties or have no verdict.
    """

    id: MatchId
    error: str | None
    votes: int
    for_first: int
    for_second: int

    @property
    def split(self) -> bool:
        """Whether both candidates have a vote."""
        return min(self.for_first, self.for_second) > 0

    @property
    def ending(self) -> str:
        """What there is instead of a winner, in words: a draw, a failure, or no end yet."""
        if self.failed:
            return f"failed: {printable(self.error or 'no reason given')}"
        if not self.done:
            return str(self.state)
        return f"a draw{_UNJUDGED.get(self.decided_by, '')}"


class MatchDetails(NamedTuple):
    """What a match's outcome rests on: the prompt, both answers, and the votes (`match.cast`)."""

    prompt: str
    candidates: Mapping[CandidateNumber, Candidate]
    match: TalliedMatch
    judge: JudgeSpec
    voting: Voting

    def judge_of(self, vote: Vote) -> str:
        """The judge that cast the vote."""
        return judge_of(self.judge, vote.number, self.voting).label


class PlacedMatch(NamedTuple):
    """A match with the texts that it compares, and where in its job it stands."""

    id: MatchId
    tournament: str
    prompt: str
    round: int
    slot: int
    first: CandidateNumber
    second: CandidateNumber
    winner: CandidateNumber | None
    decided_by: DecidedBy | None
    first_key: str
    second_key: str
    first_text: str
    second_text: str

    @property
    def name(self) -> str:
        """Such as `1.0`: its round, from 1, and its place in the round, from 0."""
        return f"{self.round}.{self.slot}"

    @property
    def judged_winner_key(self) -> str | None:
        """The id of the winner by the judge's own votes; None for a draw and for a coin."""
        if self.winner is None or self.decided_by is not DecidedBy.VOTES:
            return None
        return self.first_key if self.winner == self.first else self.second_key
