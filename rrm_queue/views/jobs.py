"""A job as the store returns it to a face, with what it cost and how it went."""

from datetime import datetime
from typing import NamedTuple

from rrm_queue.domain import JobId, JobState, JudgeSpec, Price, Seeding, Voting


class JobView(NamedTuple):
    """A job with its progress; `out` and `ready` count the matches of one that has not ended.

    An `open` job takes more tournaments. An `ephemeral` one was made by requests for rewards.
    `price` is what its judge costs; it is paused before it has cost more than `max_cost`.
    """

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
    open: bool = False
    ephemeral: bool = False
    price: Price | None = None
    max_cost: float | None = None


class OfferedJob(NamedTuple):
    """A job's id, its name or else its source, and its state."""

    id: str
    about: str
    state: str


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


class Throughput(NamedTuple):
    """What an ended job asked of its judge.

    Votes that were paid for, seconds from start to end, and tokens that the judge wrote.
    """

    job: JobId
    votes: int
    seconds: float
    completion_tokens: int


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


class LeftOver(NamedTuple):
    """A job that may be removed; `ephemeral` when requests for rewards made it.

    `bytes` is about what it takes on the store's disk.
    """

    job: JobId
    ephemeral: bool
    tournaments: int
    votes: int
    bytes: int
