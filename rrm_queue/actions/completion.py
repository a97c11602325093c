"""The ids that a shell offers where a job or a tournament must be named. Nothing is started."""

from rrm_queue.actions.app import App
from rrm_queue.store.views.completion import jobs_so, keys_so
from rrm_queue.views.jobs import OfferedJob


def offered_jobs(prefix: str, most: int) -> list[OfferedJob]:
    """The newest jobs whose ids begin with `prefix`. Raises RrmqError."""
    with App(start=False) as app, app.begin() as tx:
        return jobs_so(tx, prefix, most)


def offered_tournaments(job: str, prefix: str, most: int) -> list[str]:
    """The job's first tournaments whose ids begin with `prefix`. Raises RrmqError."""
    with App(start=False) as app, app.begin() as tx:
        return keys_so(tx, job, prefix, most)
