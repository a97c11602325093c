"""The tables that the queue works with: batches, leases, what waits to be rated, cohorts."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from rrm_queue.domain import BatchState, Verdict
from rrm_queue.store.column_types import bigint_key, moment, of_tournament, word
from rrm_queue.views.cohorts import CohortState, Partial


class JudgeModel(SQLModel, table=True):
    """What gave the newest vote of a judge at its endpoint: the model that the vote names."""

    __tablename__ = "judge_models"

    judge: str = Field(sa_type=Text, primary_key=True)
    model: str = Field(sa_type=Text)


class DecidedTournament(SQLModel, table=True):
    """A tournament whose matches are all decided and whose standings are not computed yet."""

    __tablename__ = "decided_tournaments"

    tournament_id: int = Field(sa_column=of_tournament(primary_key=True))


class Batch(SQLModel, table=True):
    """The matches of one message. `seen_at`: when recover first saw a worker's lease on it.

    `token` is the secret that its outcomes must bring, `matches` are those that it carried,
    `bytes` is its message's size. All are null for a batch of a version before 0005.
    """

    __tablename__ = "batches"
    __table_args__ = (
        Index("batches_out", "queue", "id", postgresql_where=text("state = 'out'")),
        Index("batches_job", "job_id"),
    )

    id: int | None = Field(default=None, sa_column=bigint_key())
    job_id: str = Field(
        sa_column=Column(Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False)
    )
    queue: str = Field(sa_type=Text)
    state: BatchState = Field(sa_type=word(BatchState))
    epoch: str = Field(sa_type=Text)
    sent_at: datetime | None = Field(default=None, sa_column=moment(now=True, nullable=False))
    seen_at: datetime | None = Field(default=None, sa_column=moment())
    token: str | None = Field(default=None, sa_type=Text)
    matches: list[int] | None = Field(
        default=None, sa_column=Column(ARRAY(BigInteger), nullable=True)
    )
    bytes: int | None = None


class PersonLease(SQLModel, table=True):
    """A person's right to a match until the `deadline`: a batch of this one match.

    The vote to be cast has this `number`, and shows the second answer first if `swapped`. A
    `verdict` that is cast but may still be taken back stands here until the deadline, with the
    `seconds` that the person took; then it is recorded as a vote.
    """

    __tablename__ = "person_leases"
    __table_args__ = (
        Index(
            "person_leases_cast",
            "deadline",
            postgresql_where=text("verdict IS NOT NULL"),
        ),
    )

    batch_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True)
    )
    match_id: int = Field(sa_type=BigInteger)
    person: str = Field(sa_type=Text)
    number: int
    swapped: bool
    taken_at: datetime | None = Field(default=None, sa_column=moment(now=True, nullable=False))
    deadline: datetime = Field(sa_column=moment(nullable=False))
    verdict: Verdict | None = Field(default=None, sa_type=word(Verdict))
    seconds: float | None = None


class SkippedMatch(SQLModel, table=True):
    """A match that a person would not judge: that person is not shown it again."""

    __tablename__ = "skipped_matches"

    match_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("matches.id", ondelete="CASCADE"), primary_key=True)
    )
    person: str = Field(sa_type=Text, primary_key=True)


class Cohort(SQLModel, table=True):
    """A group of answers that arrive one by one; `name` is the trainer's own, unique in the job.

    `series` is what the successive groups of one prompt share that a trainer gives no names.

    It is gathered until all `size` answers are there or the `deadline` is over, and then judged or
    refused. Its tournament may begin before. A cohort of equal answers is judged without one.
    """

    __tablename__ = "cohorts"
    __table_args__ = (
        UniqueConstraint("job_id", "name", name="cohorts_name"),
        Index(
            "cohorts_series",
            "job_id",
            "series",
            "id",
            postgresql_where=text("series IS NOT NULL"),
        ),
        Index("cohorts_gathering", "deadline", postgresql_where=text("state = 'gathering'")),
    )

    id: int | None = Field(default=None, sa_column=bigint_key())
    job_id: str = Field(
        sa_column=Column(Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False)
    )
    name: str = Field(sa_type=Text)
    series: str | None = Field(default=None, sa_type=Text)
    size: int
    prompt: str = Field(sa_type=Text)
    reference: str | None = Field(default=None, sa_type=Text)
    criteria: str | None = Field(default=None, sa_type=Text)
    partial: Partial = Field(sa_type=word(Partial))
    state: CohortState = Field(sa_type=word(CohortState))
    deadline: datetime = Field(sa_column=moment(nullable=False))
    tournament_id: int | None = Field(default=None, sa_type=BigInteger)


class CohortSample(SQLModel, table=True):
    """One answer of a cohort, at its place from 0; `gold` says how good it is."""

    __tablename__ = "cohort_samples"

    cohort_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("cohorts.id", ondelete="CASCADE"), primary_key=True)
    )
    place: int = Field(primary_key=True)
    text: str = Field(sa_type=Text)
    gold: float | None = None
