"""Spending: no more matches are out than a job's limit pays for, as far as that can be told."""

from rrm_queue.domain import Spent
from rrm_queue.store.queue.money import LimitedJob

FIRST_MATCHES = 8
"""Matches that may be out while nothing tells what a match costs."""


def spent(job: LimitedJob) -> float:
    """What the job has cost so far."""
    seconds = (job.now - job.started_at).total_seconds() if job.started_at else 0.0
    tokens = (job.prompt_tokens, job.cached_tokens, job.completion_tokens)
    return job.price.of(Spent(*tokens, max(0.0, seconds)))


def affordable(job: LimitedJob) -> int | None:
    """How many more matches the job can pay for; None when there is no telling a match's cost.

    Those that are out count as the mean of those that are decided. A price by time leaves the
    number open: the time that is left will tell.
    """
    left = job.max_cost - spent(job)
    if left <= 0:
        return 0
    if job.price.by_time:
        return None
    if not job.matches_done:
        return max(0, FIRST_MATCHES - job.out)
    each = spent(job) / job.matches_done
    return max(0, int(left / each) - job.out) if each else None


def note(job: LimitedJob) -> str:
    """Why the job is paused."""
    cost, most = f"{spent(job):.4g}", f"{job.max_cost:.4g}"
    why = "" if spent(job) >= job.max_cost else ", and the next match would cost more than is left"
    return f"it has cost {cost} of at most {most}{why}; resume it with a higher max_cost"
