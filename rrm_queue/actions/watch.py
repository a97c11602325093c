"""Watching a job until it ends, and keeping the local stack up meanwhile."""

import time
from collections.abc import Iterator
from math import inf

from rrm_queue.actions.app import App
from rrm_queue.actions.health import held_up
from rrm_queue.domain import JobId
from rrm_queue.errors import StackFault, StillRunning, StoreUnavailable
from rrm_queue.store.views.jobs import view_job
from rrm_queue.views import JobView

POLL = 0.3  # seconds between two looks at the job
REST = 5  # how many times as long as a look took the store is left in peace
CARE = 5.0  # seconds between two looks at the local stack and the workers
PATIENCE = 120.0  # seconds without an answer from store or stack before watching ends

Seen = JobView | str
"""What watching tells: how far the job is, or a note on what holds it up."""


def watch(app: App, job: JobId, limit: float = inf) -> Iterator[Seen]:
    """The job at every look, and notes; the last is the job when it has ended.

    A job that was paused with a note counts as ended: it cannot go on as things are. A store or
    stack that is away is waited for; in the end StoreUnavailable or StackFault is raised. Raises
    StillRunning when the job has not ended after `limit` seconds.
    """
    last_answer = time.monotonic()
    end = last_answer + limit
    care_at = last_answer + CARE
    last_note: str | None = None
    while True:
        start = time.monotonic()
        note = last_note
        try:
            if caring := start >= care_at:
                app.ensure_processes()
                care_at = start + CARE
            with app.begin() as tx:
                view = view_job(tx, job)
            last_answer = start
            yield view
            if view.state.ended or view.note:
                return
            if caring:
                note = held_up(app, view)
        except (StoreUnavailable, StackFault) as error:
            if start - last_answer > PATIENCE:
                raise
            care_at = start  # at once: what is away may be ours to start
            note = f"{error}; trying again"
        if note and note != last_note:
            yield note
        last_note = note
        now = time.monotonic()
        if (left := end - now) <= 0:
            raise StillRunning(f"job {job}, {limit:g} s")
        time.sleep(min(left, max(POLL, REST * (now - start))))
