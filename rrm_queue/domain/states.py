"""Ids and states."""

from enum import StrEnum
from typing import NewType

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
    """A tournament waits until workers need it, then runs, then is done or failed.

    One that gathers is judged while answers are still added to it; it runs once it has all.
    """

    GATHERING = "gathering"
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
