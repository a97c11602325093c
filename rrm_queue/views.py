"""What the store returns to whoever shows it: one shape a noun, every field by name."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from rrm_queue.domain import (
    Candidate,
    CandidateNumber,
    JobId,
    JobState,
    JudgeSpec,
    MatchId,
    MatchState,
    NoVerdict,
    Outcome,
    Pairing,
    Result,
    Seeding,
    Standing,
    TournamentId,
    TournamentState,
    Verdict,
    Vote,
    Voting,
)


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
    """A standing with the candidate's names."""

    key: str
    generator: str | None
    standing: Standing


class TournamentResult(NamedTuple):
    """A tournament's end, or how far it is; no standings before it is done."""

    key: str
    state: TournamentState
    error: str | None
    standings: list[RankedCandidate]

    @property
    def champion(self) -> str | None:
        """The champion's key."""
        return self.standings[0].key if self.standings else None


class TournamentView(NamedTuple):
    """A tournament for the bracket's drawing; `candidates` are keys by number."""

    id: TournamentId
    key: str
    seed: int
    state: TournamentState
    champion: CandidateNumber | None
    error: str | None
    candidates: list[str]


class MatchView(NamedTuple):
    """A match with its votes for either side."""

    round: int
    slot: int
    first: CandidateNumber
    second: CandidateNumber
    state: MatchState
    winner: CandidateNumber | None
    decided_by: str | None
    votes: int
    for_first: int
    for_second: int


class Tally(NamedTuple):
    """A match with its votes for either side; the other votes are ties or have no verdict."""

    id: MatchId
    round: int
    slot: int
    first: CandidateNumber
    second: CandidateNumber
    state: MatchState
    winner: CandidateNumber | None
    decided_by: str | None
    error: str | None
    votes: int
    for_first: int
    for_second: int


class GivenAnswer(NamedTuple):
    """A candidate with its text."""

    number: CandidateNumber
    key: str
    generator: str | None
    text: str


class CastVote(NamedTuple):
    """A vote with its reasoning; `swapped` when it was shown the match's second answer first.

    `seconds` are what its judging took, `samples` how often it was asked for.
    """

    number: int
    swapped: bool
    verdict: Verdict
    no_verdict: NoVerdict | None
    text: str
    model: str
    seed: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    seconds: float
    samples: int
    neutralised: bool
    reused: bool


class Reasons(NamedTuple):
    """All that a match's outcome rests on."""

    tally: Tally
    prompt: str
    first: GivenAnswer
    second: GivenAnswer
    votes: Sequence[CastVote]


class PlayedMatch(NamedTuple):
    """A decided match with those of its votes that were asked for, by number."""

    pairing: Pairing
    outcome: Outcome
    votes: Sequence[Vote]


class PlayedTournament(NamedTuple):
    """A tournament that is done; `candidates` by number, `standings` the champion first.

    `matches` come from the server while one walks through them, before the next tournament.
    """

    key: str
    prompt: str
    candidates: Sequence[Candidate]
    standings: Sequence[Standing]
    matches: Iterable[PlayedMatch]


class Costs(NamedTuple):
    """What judging took: `seconds` of all of the job's own votes added up, however many at once.

    `resampled` counts the samples beyond each vote's first, `neutralised` the votes that saw a text
    made harmless, `given_back` how often a match came back without an outcome.
    """

    seconds: float
    resampled: int
    neutralised: int
    given_back: int


class Gold(NamedTuple):
    """The mean gold of champions, of all answers, and of each prompt's best answer."""

    tournaments: int
    champions: float
    answers: float
    best: float


class Head(NamedTuple):
    """A tournament without its answers; `planned` counts its matches so far."""

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


class RankedAnswer(NamedTuple):
    """An answer with its standing, None before the tournament is done.

    `text` is its beginning, `length` how many characters it has in all.
    """

    number: CandidateNumber
    key: str
    generator: str | None
    gold: float | None
    length: int
    text: str
    rank: int | None
    wins: int | None
    losses: int | None
    draws: int | None
    elo: float | None
    bt: float | None


class Carried(NamedTuple):
    """Tournaments to carry in the file's order; `failed` of them were picked as failed."""

    ids: list[TournamentId]
    failed: int


class Silence(NamedTuple):
    """Of so many decided `matches` that were looked at, how many were not decided by votes.

    `silent` of their `votes` gave no verdict. `whole` when these are all of the job's.
    """

    matches: int
    coins: int
    draws: int
    votes: int
    silent: int
    whole: bool


class Pace(NamedTuple):
    """What an ended job took of its judge: paid votes, seconds by the clock, tokens written."""

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
    """What a tournament's ratings are made of; a coin's winner counts, as in its standings."""

    size: int
    seed: int
    results: list[Result]
