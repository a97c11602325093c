"""Views as the store would give them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from rrm_queue.domain import (
    CandidateNumber,
    JobId,
    JobState,
    JudgeSpec,
    Seeding,
    Standing,
    TournamentState,
    Voting,
)
from rrm_queue.views.jobs import JobView
from rrm_queue.views.tournaments import RankedCandidate, TournamentResult

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def job(**changes: Any) -> JobView:
    """A running job, with some changes."""
    view = JobView(
        id=JobId("0123456789ab"),
        name=None,
        source="answers.jsonl",
        state=JobState.RUNNING,
        strategy="knockout",
        seeding=Seeding.RANDOM,
        judge=JudgeSpec("reference"),
        queue="rrmq.judge.reference",
        voting=Voting(),
        seed=0,
        priority=1,
        tournaments=2,
        tournaments_done=0,
        tournaments_failed=0,
        candidates=16,
        matches_done=3,
        matches_failed=0,
        out=2,
        ready=1,
        votes=3,
        votes_reused=0,
        prompt_tokens=0,
        cached_tokens=0,
        completion_tokens=0,
        shareable_tokens=0,
        shared_tokens=0,
        note=None,
        created_at=NOW - timedelta(minutes=2),
        started_at=NOW - timedelta(minutes=1),
        finished_at=None,
    )
    return view._replace(**changes)


def done(key: str, *candidates: str) -> TournamentResult:
    """A tournament that ended in this order."""
    return TournamentResult(
        key,
        TournamentState.DONE,
        None,
        [
            RankedCandidate(
                name, None, Standing(CandidateNumber(number), number + 1, 1, 0, 0, 1000.25, 1000.5)
            )
            for number, name in enumerate(candidates)
        ],
    )
