"""The tables of jobs and their tournaments. Rows are facts; states are the words of `domain`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from rrm_queue.domain import (
    DecidedBy,
    JobState,
    MatchState,
    NoVerdict,
    Seeding,
    TournamentState,
    Verdict,
)
from rrm_queue.store.column_types import bigint_key, moment, of_tournament, word


class Job(SQLModel, table=True):
    """One submission: its options, and counters that `record` updates in its transactions.

    `shareable_tokens` counts the prompt tokens of finished tournaments that an engine could have
    taken from its cache; `shared_tokens` counts those that it did take. `votes_reused` counts the
    `votes` that an earlier job has paid for. `submission` is the key of the submission's content:
    one job has it, and a job made by `--new` has None. `note` says why rrmq paused the job. An
    `open` job takes more tournaments and does not end. An `ephemeral` one is made by requests for
    rewards, and is not listed. `price` is what its judge costs, see `views.money`; the job is
    paused before it has cost more than `max_cost`. A job with `deleted_at` is being removed.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index(
            "jobs_active",
            "queue",
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
        Index("jobs_deleted", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")),
        Index("jobs_running", "queue", postgresql_where=text("state = 'running'")),
        Index(
            "jobs_queued",
            "queue",
            text("priority DESC"),
            "created_at",
            "id",
            postgresql_where=text("state = 'queued'"),
        ),
        UniqueConstraint("submission", name="jobs_submission"),
    )

    id: str = Field(sa_type=Text, primary_key=True)
    name: str | None = Field(default=None, sa_type=Text)
    source: str = Field(sa_type=Text)
    state: JobState = Field(sa_type=word(JobState))
    strategy: str = Field(sa_type=Text)
    seeding: Seeding = Field(sa_type=word(Seeding))
    judge: dict[str, Any] = Field(sa_type=JSONB)
    queue: str = Field(sa_type=Text)
    voting: dict[str, Any] = Field(sa_type=JSONB)
    seed: int = Field(sa_type=BigInteger)
    priority: int
    tournaments: int = 0
    tournaments_done: int = 0
    tournaments_failed: int = 0
    candidates: int = 0
    matches_done: int = Field(default=0, sa_type=BigInteger)
    matches_failed: int = Field(default=0, sa_type=BigInteger)
    votes: int = Field(default=0, sa_type=BigInteger)
    votes_reused: int = Field(
        default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"}
    )
    prompt_tokens: int = Field(default=0, sa_type=BigInteger)
    cached_tokens: int = Field(default=0, sa_type=BigInteger)
    completion_tokens: int = Field(default=0, sa_type=BigInteger)
    shareable_tokens: int = Field(default=0, sa_type=BigInteger)
    shared_tokens: int = Field(default=0, sa_type=BigInteger)
    submission: str | None = Field(default=None, sa_type=Text)
    note: str | None = Field(default=None, sa_type=Text)
    open: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    ephemeral: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    price: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True)
    )
    max_cost: float | None = None
    created_at: datetime | None = Field(default=None, sa_column=moment(now=True, nullable=False))
    started_at: datetime | None = Field(default=None, sa_column=moment())
    finished_at: datetime | None = Field(default=None, sa_column=moment())
    deleted_at: datetime | None = Field(default=None, sa_column=moment())


class TournamentRow(SQLModel, table=True):
    """One prompt's ranking; `planned` and `decided` count its matches.

    `pairs` are the file's own pairs, by the candidates' numbers: a list of `{"first", "second",
    "label"}`, with a null label if the file has none; null if the file has no pairs. `subset` is
    the part of a benchmark that the tournament belongs to. `criteria` is what its answers are
    judged by, for judges that are shown it.
    """

    __tablename__ = "tournaments"
    __table_args__ = (
        # Deferred, so that a submission can name every line that repeats an id before it fails.
        UniqueConstraint(
            "job_id", "key", name="tournaments_key", deferrable=True, initially="DEFERRED"
        ),
        Index("tournaments_job", "job_id", "id"),
        Index(
            "tournaments_waiting",
            "job_id",
            "id",
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(
            "tournaments_failed",
            "job_id",
            "id",
            postgresql_where=text("state = 'failed'"),
        ),
    )

    id: int | None = Field(default=None, sa_column=bigint_key())
    job_id: str = Field(
        sa_column=Column(Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False)
    )
    key: str = Field(sa_type=Text)
    line: int
    prompt: str = Field(sa_type=Text)
    reference: str | None = Field(default=None, sa_type=Text)
    criteria: str | None = Field(default=None, sa_type=Text)
    pairs: list[dict[str, Any]] | None = Field(
        default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True)
    )
    subset: str | None = Field(default=None, sa_type=Text)
    size: int
    seed: int = Field(sa_type=BigInteger)
    state: TournamentState = Field(
        sa_column=Column(word(TournamentState), nullable=False, server_default="waiting")
    )
    planned: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    decided: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    champion: int | None = None
    error: str | None = Field(default=None, sa_type=Text)
    finished_at: datetime | None = Field(default=None, sa_column=moment())


class CandidateRow(SQLModel, table=True):
    """One answer; `number` is its position in the file, from 0; `gold` says how good it is."""

    __tablename__ = "candidates"

    tournament_id: int = Field(sa_column=of_tournament(primary_key=True))
    number: int = Field(primary_key=True)
    key: str = Field(sa_type=Text)
    generator: str | None = Field(default=None, sa_type=Text)
    text: str = Field(sa_type=Text)
    gold: float | None = None


class MatchRow(SQLModel, table=True):
    """A pair of candidates; `first` is in slot 1 of its odd votes.

    `meeting` counts how often the pair has met. `attempt` counts how often it came back without an
    outcome. It is not tried again before `not_before`.
    """

    __tablename__ = "matches"
    __table_args__ = (
        UniqueConstraint("tournament_id", "round", "slot", name="matches_position"),
        # What dispatch claims, depth-first: the earliest tournament's matches before the next's.
        Index(
            "matches_ready",
            "job_id",
            "tournament_id",
            "round",
            "slot",
            postgresql_where=text("state = 'ready'"),
        ),
        Index("matches_out", "job_id", "batch_id", postgresql_where=text("state = 'out'")),
        Index("matches_out_batch", "batch_id", postgresql_where=text("state = 'out'")),
    )

    id: int | None = Field(default=None, sa_column=bigint_key())
    job_id: str = Field(sa_type=Text)
    tournament_id: int = Field(sa_column=of_tournament())
    round: int
    slot: int
    first: int
    second: int
    meeting: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    state: MatchState = Field(
        sa_column=Column(word(MatchState), nullable=False, server_default="ready")
    )
    attempt: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    not_before: datetime | None = Field(default=None, sa_column=moment())
    batch_id: int | None = Field(default=None, sa_type=BigInteger)
    winner: int | None = None
    decided_by: DecidedBy | None = Field(default=None, sa_type=word(DecidedBy))
    error: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime | None = Field(default=None, sa_column=moment())


class VoteRow(SQLModel, table=True):
    """One sampled judgement, with its reasoning text and its cost.

    `key` is made of its content, for judges whose votes are paid for. `reused` is true for a copy
    of an earlier job's vote. `margin` is 1 for a slight and 2 for a strong preference, 0 if not
    said. `probability` is that of the answer shown first, null where it is not known. `person` is
    the name of who cast it, null for a vote of a model. `text` is empty where the reasoning is
    `packed`, see `packed_text`.
    """

    __tablename__ = "votes"
    __table_args__ = (
        Index(
            "votes_paid",
            "key",
            postgresql_where=text("key IS NOT NULL AND NOT reused"),
        ),
    )

    match_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("matches.id", ondelete="CASCADE"), primary_key=True)
    )
    number: int = Field(primary_key=True)
    swapped: bool
    verdict: Verdict = Field(sa_type=word(Verdict))
    no_verdict: NoVerdict | None = Field(default=None, sa_type=word(NoVerdict))
    text: str = Field(sa_type=Text)
    model: str = Field(sa_type=Text)
    seed: int = Field(sa_type=BigInteger)
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    seconds: float
    queue_seconds: float
    query_tokens: int
    slot_tokens: int
    samples: int
    neutralised: bool
    key: UUID | None = Field(default=None, sa_type=Uuid)
    reused: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    margin: int = Field(default=0, sa_type=SmallInteger, sa_column_kwargs={"server_default": "0"})
    probability: float | None = None
    person: str | None = Field(default=None, sa_type=Text)
    packed: bytes | None = Field(default=None, sa_type=LargeBinary)
    created_at: datetime | None = Field(default=None, sa_column=moment(now=True, nullable=False))


class StandingRow(SQLModel, table=True):
    """A candidate's line in its tournament's result."""

    __tablename__ = "standings"

    tournament_id: int = Field(sa_column=of_tournament(primary_key=True))
    candidate: int = Field(primary_key=True)
    rank: int
    wins: int
    losses: int
    draws: int
    elo: float
    bt: float
