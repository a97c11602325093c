"""What the store returns to a face: one shape a noun, every field by name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from rrm_queue.domain import (
    Candidate,
    CandidateNumber,
    DecidedBy,
    JobId,
    JobState,
    JudgeSpec,
    MatchId,
    MatchState,
    Position,
    Result,
    Seeding,
    Standing,
    TournamentId,
    TournamentState,
    Verdict,
    Vote,
    Voting,
)
from rrm_queue.text import count, printable


class JobView(NamedTuple):
    """A job with its progress; `out` and `ready` count the matches of one that has not ended."""

    id: JobId
    name: str | None
    source: str
    state: JobState
    strategy: str
    seeding: Seeding
    judge: JudgeSpec
    queue: str
    voting: Voting
    seed: int
    priority: int
    tournaments: int
    tournaments_done: int
    tournaments_failed: int
    candidates: int
    matches_done: int
    matches_failed: int
    out: int
    ready: int
    votes: int
    votes_reused: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    shareable_tokens: int
    shared_tokens: int
    note: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class TournamentError(NamedTuple):
    """A failed tournament and why it failed."""

    tournament: str
    error: str


class RankedCandidate(NamedTuple):
    """A standing with its candidate's key and generator."""

    key: str
    generator: str | None
    standing: Standing


class TournamentResult(NamedTuple):
    """A tournament's standings by rank; none before the tournament is done."""

    key: str
    state: TournamentState
    error: str | None
    standings: list[RankedCandidate]

    @property
    def champion(self) -> str | None:
        """The champion's key."""
        return self.standings[0].key if self.standings else None


@dataclass(frozen=True, slots=True)
class TournamentView:
    """A tournament without its candidates; `planned` counts its matches so far."""

    id: TournamentId
    key: str
    prompt: str
    reference: str | None
    size: int
    seed: int
    state: TournamentState
    champion: CandidateNumber | None
    error: str | None
    planned: int


class RecordedVote(Vote, frozen=True):
    """A vote as the store holds it; `reused` when an earlier match had paid for it."""

    reused: bool = False

    @property
    def facts(self) -> list[str]:
        """What the vote cost, and what is unusual about it, in words."""
        facts = []
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


@dataclass(frozen=True, slots=True)
class Match:
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
        """Such as `1.0`: round and slot."""
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
        """The winner by the judge's own votes; None for a draw, and where a coin settled a tie."""
        return None if self.by_coin else self.winner

    def shown(self, vote: Vote) -> tuple[CandidateNumber, CandidateNumber]:
        """The candidates in the order in which the vote saw their answers."""
        return (self.second, self.first) if vote.swapped else (self.first, self.second)

    def chosen(self, vote: Vote) -> CandidateNumber | None:
        """The candidate that the vote is for; None for a tie and for no verdict."""
        one, two = self.shown(vote)
        return {Verdict.FIRST: one, Verdict.SECOND: two}.get(vote.verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TalliedMatch(Match):
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
        return "a draw" if self.done else str(self.state)


class MatchDetails(NamedTuple):
    """What a match's outcome rests on: the prompt, both answers, and the votes (`match.cast`)."""

    prompt: str
    candidates: Mapping[CandidateNumber, Candidate]
    match: TalliedMatch


class FinishedTournament(NamedTuple):
    """A tournament that is done; `candidates` by number, `standings` the champion first.

    `matches` come by round and slot, where the reader asked for matches. They are streamed: read
    them once, before the next tournament.
    """

    key: str
    prompt: str
    candidates: Sequence[Candidate]
    standings: Sequence[Standing]
    matches: Iterable[Match] = ()

    def candidate(self, number: CandidateNumber) -> Candidate:
        """The candidate of this number."""
        return self.candidates[number]


class Costs(NamedTuple):
    """What judging cost. `seconds` is the sum over the job's own votes, also of parallel ones.

    `resampled` counts the samples after each vote's first, `neutralised` the votes that saw a text
    with control tokens or forged headings made harmless, `given_back` how often a match came back
    without an outcome.
    """

    seconds: float
    resampled: int
    neutralised: int
    given_back: int


class Gold(NamedTuple):
    """The mean gold score of the champions, of all answers, and of each prompt's best answer."""

    tournaments: int
    champions: float
    answers: float
    best: float


@dataclass(frozen=True, slots=True)
class Answer:
    """A candidate with its answer.

    `text` is the beginning of an answer of `length` characters, None where it is left out.
    `standing` is None before the tournament is done.
    """

    number: CandidateNumber
    key: str
    generator: str | None
    gold: float | None
    length: int
    text: str | None
    standing: Standing | None = None


class SelectedTournaments(NamedTuple):
    """The tournaments of a report in the file's order; `failed` were selected as failed."""

    ids: list[TournamentId]
    failed: int


class NoVerdictSample(NamedTuple):
    """Of a sample of decided `matches`, how many were settled by a coin or ended in a draw.

    They have `votes` votes, `no_verdict` of which gave no verdict. `whole` when the sample is all
    of the job's decided matches.
    """

    matches: int
    coins: int
    draws: int
    votes: int
    no_verdict: int
    whole: bool


class Throughput(NamedTuple):
    """What an ended job asked of its judge.

    Votes that were paid for, seconds from start to end, and tokens that the judge wrote.
    """

    job: JobId
    votes: int
    seconds: float
    completion_tokens: int


class OfferedJob(NamedTuple):
    """A job's id, its name or else its source, and its state."""

    id: str
    about: str
    state: str


class TournamentOutcomes(NamedTuple):
    """What a tournament's ratings are computed from; a coin's winner counts as the winner."""

    size: int
    seed: int
    results: list[Result]
