"""The nouns of rrmq, as `docs/design.md` defines them.

In this order: ids, states, what a file holds, how matches are played, how they are judged.
"""

from dataclasses import dataclass
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
    """A job's state; `partial` means that some of its tournaments failed."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether the job is over."""
        return self not in {JobState.QUEUED, JobState.RUNNING, JobState.PAUSED}


class TournamentState(StrEnum):
    """A tournament waits until workers need it, then runs, then is done or failed."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class MatchState(StrEnum):
    """A match is ready to be judged, out in a batch, or over (the last three)."""

    READY = "ready"
    OUT = "out"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class BatchState(StrEnum):
    """A batch is out until its last outcomes are recorded, or until it is given up as lost."""

    OUT = "out"
    DONE = "done"
    LOST = "lost"


class Label(StrEnum):
    """Which answer of a pair the file prefers: what people or an answer key said."""

    FIRST = "first"
    SECOND = "second"
    TIE = "tie"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One answer; `key` is its id in the file, `generator` the model that wrote it.

    `gold` is how good the file says it is; higher is better, such as 1 for right and 0 for wrong.
    It is sent only to judges that decide by it.
    """

    key: str
    text: str
    generator: str | None = None
    gold: float | None = None


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two candidates that the file pairs; `label` is None when the file does not say who won."""

    first: CandidateNumber
    second: CandidateNumber
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class Tournament:
    """One prompt and its candidates, as submitted; `line` is its line in the file, from 1.

    `pairs` are the file's own pairs with their labels. `subset` is the part of a benchmark that the
    prompt belongs to. Both are for reports of agreement.
    """

    key: str
    prompt: str
    candidates: tuple[Candidate, ...]
    line: int
    reference: str | None = None
    pairs: tuple[LabelledPair, ...] = ()
    subset: str | None = None


class Seeding(StrEnum):
    """How candidates are placed in a bracket."""

    RANDOM = "random"
    GIVEN = "given"


class Position(NamedTuple):
    """A match's place in its tournament: round from 1, slot from 0."""

    round: int
    slot: int


@dataclass(frozen=True, slots=True)
class Pairing:
    """A match that a strategy asks for."""

    position: Position
    first: CandidateNumber
    second: CandidateNumber


class DecidedBy(StrEnum):
    """What decided a match.

    `equal`: its two answers are the same text, so nobody was asked. `refused`: the judge would not
    take the match, and `Voting.on_refused` decided it.
    """

    VOTES = "votes"
    COIN = "coin"
    EQUAL = "equal"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a match ended; `winner` is None for a draw."""

    winner: CandidateNumber | None
    decided_by: DecidedBy = DecidedBy.VOTES


@dataclass(frozen=True, slots=True)
class Result:
    """A decided match, for the ratings; `winner` is None for a draw."""

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
    """A judge, `kind[:argument]`, and the settings of judges that write text.

    `base_url` is the endpoint; its key is not part of this. `template` is the source of a prompt
    template that replaces RRM's. `regex` is what the text must match.
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


class Order(StrEnum):
    """Which answer of a pair a vote shows first.

    `balanced`: as the tournament's orientation says, and the other way in every even vote.
    `fixed`: the file's order in every vote. `random`: by each vote's seed. `both`: as `balanced`,
    with as many votes in one order as in the other.
    """

    BALANCED = "balanced"
    FIXED = "fixed"
    RANDOM = "random"
    BOTH = "both"


class Launch(StrEnum):
    """How votes are started: only those that are needed for sure, or all at once."""

    WAVES = "waves"
    ALL = "all"


class Stop(StrEnum):
    """When a match has enough votes: once it is decided, after the last vote, or at a lead."""

    DECIDED = "decided"
    NEVER = "never"
    LEAD = "lead"


class OnNoVerdict(StrEnum):
    """What a vote counts for when it has no verdict after all its resamples.

    `abstain`: nothing. `draw`: half a vote for each side. `coin`: the side that its seed picks.
    `fail`: the match fails.
    """

    ABSTAIN = "abstain"
    DRAW = "draw"
    COIN = "coin"
    FAIL = "fail"


class OnRefused(StrEnum):
    """What becomes of a match that the judge refuses for itself: too long, or filtered.

    `fail`: it fails, and so does its tournament. `lose`: where the match is too long, the longer
    answer loses; otherwise as `abstain`. `abstain`: a draw, or a coin where the strategy needs a
    winner.
    """

    FAIL = "fail"
    LOSE = "lose"
    ABSTAIN = "abstain"


class Voting(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a match is voted on; `lead` is the lead at which `Stop.LEAD` stops.

    `resamples` is how many more samples a vote without a verdict gets. With `keep_going` a judge
    that gives no verdicts does not pause its job.
    """

    votes: int = 1
    order: Order = Order.BALANCED
    launch: Launch = Launch.WAVES
    stop: Stop = Stop.DECIDED
    lead: int = 0
    on_no_verdict: OnNoVerdict = OnNoVerdict.ABSTAIN
    resamples: int = 2
    keep_going: bool = False
    on_refused: OnRefused = OnRefused.FAIL


class Verdict(StrEnum):
    """What one vote says; `first` is the answer that the vote showed first.

    A judge that compares with what it knows may say `tie`; a model is never offered one.
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


class Vote(msgspec.Struct, frozen=True, omit_defaults=True):
    """One sampled judgement; `swapped` when the match's second candidate was shown first.

    Tokens and seconds are sums over the vote's `samples`, and 0 for judges that write no text.
    `query_tokens` is the prompt's length up to the end of the query, `slot_tokens` up to the end of
    the answer in slot 1: what prompts can share. `neutralised`: a text in the prompt was changed,
    see `judging.sanitize`. `key` identifies a vote that is paid for, see `judging.vote_key`.
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
