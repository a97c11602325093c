"""The nouns of rrmq: ids, states and frozen values, as `docs/design.md` defines them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, NewType
from uuid import UUID

import msgspec

JobId = NewType("JobId", str)
TournamentId = NewType("TournamentId", int)
MatchId = NewType("MatchId", int)
BatchId = NewType("BatchId", int)
CandidateNumber = NewType("CandidateNumber", int)
"""A candidate's place in its tournament as the file gives it, from 0."""

BatchRef = tuple[JobId, BatchId]
"""Names a batch. Ids of jobs are never used twice; ids of batches may be, after a restore."""


class JobState(StrEnum):
    """Where a job stands; `partial` means that some of its tournaments failed."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing will happen to the job any more."""
        return self in _ENDED


_ENDED = {JobState.SUCCEEDED, JobState.PARTIAL, JobState.FAILED, JobState.CANCELLED}


class TournamentState(StrEnum):
    """A tournament waits until the fleet needs it, runs, then is done or failed."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class MatchState(StrEnum):
    """A match is ready to be judged, out in a batch, or over."""

    READY = "ready"
    OUT = "out"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class BatchState(StrEnum):
    """A batch is out until its last flush is recorded or it is given up as lost."""

    OUT = "out"
    DONE = "done"
    LOST = "lost"


class Verdict(StrEnum):
    """What one vote says; `first` is the answer shown first in that vote.

    Only judges that may call a draw (`reference`, `replay`) say `tie`; RRM is never offered one.
    """

    FIRST = "first"
    SECOND = "second"
    TIE = "tie"
    NONE = "none"


class NoVerdict(StrEnum):
    """Why a vote gave no verdict."""

    TRUNCATED = "truncated"
    NO_BOX = "no box"
    OFF_MENU = "off the menu"


class DecidedBy(StrEnum):
    """What decided a match."""

    VOTES = "votes"
    COIN = "coin"


class Seeding(StrEnum):
    """How candidates are placed in a bracket."""

    RANDOM = "random"
    GIVEN = "given"


class Order(StrEnum):
    """Which answer of a pair a vote shows first.

    `balanced`: the tournament's regular orientation, turned round in every even vote. `fixed`: the
    file's order in every vote. `random`: a coin of each vote's seed. `both`: as balanced, with as
    many votes in either order.
    """

    BALANCED = "balanced"
    FIXED = "fixed"
    RANDOM = "random"
    BOTH = "both"


class Launch(StrEnum):
    """How votes are cast: only those that are needed whatever happens, or all at once."""

    WAVES = "waves"
    ALL = "all"


class Stop(StrEnum):
    """When a match has enough votes: once decided, never before the last, or at a lead."""

    DECIDED = "decided"
    NEVER = "never"
    LEAD = "lead"


class OnNoVerdict(StrEnum):
    """What a vote that stays without a verdict counts for.

    `abstain`: for nobody. `draw`: half for each. `coin`: for the side that its seed picks. `fail`:
    its match fails.
    """

    ABSTAIN = "abstain"
    DRAW = "draw"
    COIN = "coin"
    FAIL = "fail"


class Label(StrEnum):
    """Which answer of a pair its data set prefers: what people, or a key, said beforehand."""

    FIRST = "first"
    SECOND = "second"
    TIE = "tie"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One answer; `key` is the id its file gives it, `generator` the model that wrote it.

    `gold` is how good it is, as its file knows, higher being better: 1 for right and 0 for wrong.
    Only simulated judges look at it.
    """

    key: str
    text: str
    generator: str | None = None
    gold: float | None = None


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two candidates that the file itself pairs; `label` is None when it does not say who won."""

    first: CandidateNumber
    second: CandidateNumber
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class Tournament:
    """One prompt's ranking as submitted; `line` is where in the file it stands, from 1.

    `pairs` are the pairs that the file gives, with its labels, and `subset` its part of a
    benchmark; both are for reports of agreement.
    """

    key: str
    prompt: str
    candidates: tuple[Candidate, ...]
    line: int
    reference: str | None = None
    pairs: tuple[LabelledPair, ...] = ()
    subset: str | None = None


class Position(NamedTuple):
    """Where a match stands in its tournament: round from 1, slot from 0."""

    round: int
    slot: int


@dataclass(frozen=True, slots=True)
class Pairing:
    """A match that a strategy asks for."""

    position: Position
    first: CandidateNumber
    second: CandidateNumber


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a match ended; `winner` is None for a draw."""

    winner: CandidateNumber | None
    decided_by: DecidedBy = DecidedBy.VOTES


@dataclass(frozen=True, slots=True)
class History:
    """How far a tournament has come: all that a strategy may look at.

    `matches` holds every planned match, None while it is undecided. It stays empty for strategies
    that only count (`Strategy.looks_back` is False), however many matches there are.
    """

    planned: int = 0
    decided: int = 0
    matches: Mapping[Position, Outcome | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """A decided match as the ratings see it; `winner` is None for a draw."""

    first: CandidateNumber
    second: CandidateNumber
    winner: CandidateNumber | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A candidate's line in its tournament's result; tied candidates share a rank (1, 2, 2, 4)."""

    candidate: CandidateNumber
    rank: int
    wins: int
    losses: int
    draws: int
    elo: float
    bt: float


class JudgeSpec(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which judge, and how it is asked: `kind[:argument]`, then sampling settings of text judges.

    `base_url` is for OpenAI-compatible endpoints; a key is never sent. `template` is the source of
    a prompt template that replaces RRM's; `regex` constrains the model's text.
    """

    kind: str
    argument: str = ""
    base_url: str | None = None
    temperature: float = 0.6
    top_p: float = 1.0
    max_tokens: int = 8192
    regex: str | None = None
    template: str | None = None

    def __str__(self) -> str:
        return f"{self.kind}:{self.argument}" if self.argument else self.kind


class Voting(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a match is voted on; `lead` is the lead that `Stop.LEAD` stops at.

    `resamples` is how often a vote without a verdict is asked for again.
    """

    votes: int = 1
    order: Order = Order.BALANCED
    launch: Launch = Launch.WAVES
    stop: Stop = Stop.DECIDED
    lead: int = 0
    on_no_verdict: OnNoVerdict = OnNoVerdict.ABSTAIN
    resamples: int = 2


class Vote(msgspec.Struct, frozen=True, omit_defaults=True):
    """One sampled judgement; `swapped` if the match's second candidate was in slot 1.

    Tokens and seconds are sums over the vote's `samples` requests, and 0 for judges that write no
    text. `query_tokens` is the length of the prompt up to the end of the query, `slot_tokens` up
    to the end of the answer in slot 1; prompts may share these prefixes. `neutralised` if control
    tokens, forged lines or forged verdicts in a text were broken. `key` is made of the vote's
    content, for judges whose votes are paid for (see `judging.vote_key`).
    """

    number: int
    verdict: Verdict
    swapped: bool = False
    no_verdict: NoVerdict | None = None
    text: str = ""
    seed: int = 0
    model: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    queue_seconds: float = 0.0
    query_tokens: int = 0
    slot_tokens: int = 0
    samples: int = 1
    neutralised: bool = False
    key: UUID | None = None
