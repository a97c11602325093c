"""Watching a job until it ends, and keeping the local stack up meanwhile."""

import time
from collections.abc import Iterator
from math import inf

from rrm_queue.actions.app import App
from rrm_queue.actions.health import held_up
from rrm_queue.domain import JobId
from rrm_queue.errors import StackFault, StackStopped, StillRunning, StoreUnavailable
from rrm_queue.store.views.jobs import view_job
from rrm_queue.views.jobs import JobView

POLL = 0.3  # seconds between two looks at the job, unless looks are slow
NEAR = 0.1  # the same near its end
SOON = 0.05  # the same when watching begins, so that a job of seconds does not seem longer
GROWTH = 50  # from SOON up to POLL, a pause is one in so many of the seconds watched
NEAR_SHARE = 50  # near its end is the last tournament, or one in so many
REST = 5  # how many times as long as a look took the store is left in peace
CARE = 5.0  # seconds between two looks at the local stack and the workers
PATIENCE = 120.0  # seconds without an answer from store or stack before watching ends

Seen = JobView | str
"""What watching tells: how far the job is, or a note on what holds it up."""


def watch(app: App, job: JobId, limit: float = inf) -> Iterator[Seen]:
    """The job at every look, and notes; the last is the job when it has ended.

    A job that was paused with a note counts as ended: it cannot go on as things are. A store or
    stack that is away is waited for; in the end StoreUnavailable or StackFault is raised. Raises
    StillRunning when the job has not ended after `limit` seconds, and StackStopped when the local
    stack is stopped on purpose meanwhile.
    """
    watcher = _Watcher(app, job)
    end = time.monotonic() + limit
    while True:
        start = time.monotonic()
        yield from watcher.look(start)
        if watcher.ended:
            return
        now = time.monotonic()
        if (left := end - now) <= 0:
            raise StillRunning(f"job {job}, {limit:g} s")
        time.sleep(min(left, max(watcher.pause, REST * (now - start))))


class _Watcher:
    """Looks at a job, and at times at the local stack and the workers."""

    def __init__(self, app: App, job: JobId) -> None:
        self.ended = False
        self.pause = POLL
        self._app, self._job = app, job
        self._since = time.time()
        self._began = self._last_answer = time.monotonic()
        self._care_at = self._began + CARE
        self._note: str | None = None

    def look(self, now: float) -> Iterator[Seen]:
        """What there is to tell at this moment; notes only when they are new."""
        self._app.refuse_if_stopped(self._since)
        try:
            caring = self._keep_stack_up(now)
            view = self._view()
            self.ended = view.state.ended or bool(view.note)
            self.pause = next_pause(view, now - self._began)
            note = (
                held_up(self._app, view, counted=False) if caring and not self.ended else self._note
            )
            self._last_answer = now
        except StackStopped:
            raise
        except (StoreUnavailable, StackFault) as error:
            if now - self._last_answer > PATIENCE:
                raise
            self.pause = POLL
            self._care_at = now  # the next look starts the local servers, if they are what is away
            yield from self._news(f"{error}; trying again")
            return
        yield view
        yield from self._news(note)

    def _keep_stack_up(self, now: float) -> bool:
        """Whether it was time to look at the local stack."""
        if now < self._care_at:
            return False
        self._app.ensure_processes(since=self._since)
        self._care_at = now + CARE
        return True

    def _view(self) -> JobView:
        with self._app.begin() as tx:
            return view_job(tx, self._job)

    def _news(self, note: str | None) -> Iterator[str]:
        """The note, unless it is the one before."""
        if note and note != self._note:
            yield note
        self._note = note


def next_pause(view: JobView, watched: float) -> float:
    """Seconds until the next look: few at first, and near the job's end, which somebody waits for.

    `watched` is the seconds since watching began.
    """
    left = view.tournaments - view.tournaments_done - view.tournaments_failed
    longest = NEAR if left <= max(1, view.tournaments // NEAR_SHARE) else POLL
    return min(max(SOON, watched / GROWTH), longest)
