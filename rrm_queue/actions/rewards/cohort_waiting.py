"""Those who wait for a cohort: until it is whole or late, and then until its group is judged."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from functools import partial
from threading import Lock

from rrm_queue.actions.app import App
from rrm_queue.actions.rewards.waiting import Waiting
from rrm_queue.coordinator.gathering import refusal
from rrm_queue.errors import CohortRefused
from rrm_queue.store.listening import Channel, Notice
from rrm_queue.store.queue.cohorts import read_cohorts
from rrm_queue.views.cohorts import CohortId, CohortState, CohortView
from rrm_queue.views.groups import JudgedGroup

SURE = 0.05
"""Seconds beyond a deadline after which the store too finds that it is over."""

Judged = Future[JudgedGroup | None]
"""What came of a cohort: None when all its answers are equal. It raises CohortRefused."""


class CohortWaiting:
    """Who waits for which cohort, and until when it gathers; it is thread-safe."""

    def __init__(
        self, app: App, waiting: Waiting, expire: Callable[[Sequence[CohortId]], None]
    ) -> None:
        self._app = app
        self._waiting = waiting
        self._expire = expire
        self._lock = Lock()
        self._callers: dict[CohortId, list[Judged]] = {}
        self._due: dict[CohortId, float] = {}

    def expect(self, cohorts: Sequence[CohortView]) -> list[Judged]:
        """What will have come of each of the cohorts; who waits no longer cancels it.

        Of a cohort that is over already, `go_on` must be called afterwards.
        """
        futures: list[Judged] = [Future() for _ in cohorts]
        with self._lock:
            for cohort, future in zip(cohorts, futures, strict=True):
                self._callers.setdefault(cohort.id, []).append(future)
                self._due[cohort.id] = time.monotonic() + cohort.left + SURE
        for cohort, future in zip(cohorts, futures, strict=True):
            future.add_done_callback(partial(self._leave, cohort.id))
        return futures

    def hear(self, notice: Notice) -> None:
        """Looks up the cohorts that a notice tells of, if anybody waits for them."""
        if notice.channel is Channel.COHORTS:
            self.look(CohortId(int(id_)) for id_ in notice.ids)

    def sweep(self) -> None:
        """Looks up all cohorts that are waited for."""
        self.look(list(self._callers))

    def glance(self) -> None:
        """Ends the gathering of cohorts whose deadline is over."""
        now = time.monotonic()
        with self._lock:
            late = [cohort for cohort, due in self._due.items() if due <= now]
        if late:
            self._expire(late)
            self.look(late)

    def look(self, cohorts: Iterable[CohortId]) -> None:
        """Goes on with those of the cohorts that gather no longer."""
        wanted = [id_ for id_ in cohorts if id_ in self._callers]
        if not wanted:
            return
        with self._app.look() as tx:
            views = read_cohorts(tx, wanted)
        with self._lock:
            for view in views:
                if view.id in self._due:
                    self._due[view.id] = time.monotonic() + view.left + SURE
        self.go_on(views)

    def go_on(self, views: Iterable[CohortView]) -> None:
        """Answers those who wait for one of these cohorts that is over, or for its tournament."""
        ended = [view for view in views if view.state is not CohortState.GATHERING]
        for view in ended:
            for future in self._take(view.id):
                self._follow(view, future)
        self._waiting.look(
            view.tournament
            for view in ended
            if view.tournament is not None and view.state is CohortState.JUDGED
        )

    def _follow(self, view: CohortView, future: Judged) -> None:
        """Answers a caller, or lets it wait for the cohort's tournament."""
        if view.state is CohortState.JUDGED and view.tournament is not None:
            inner = self._waiting.expect(view.tournament, view.job)
            inner.add_done_callback(lambda done: _pass_on(done, future))
            future.add_done_callback(lambda _: inner.cancel())
        elif future.set_running_or_notify_cancel():
            if view.state is CohortState.JUDGED:
                future.set_result(None)
            else:
                future.set_exception(CohortRefused(refusal(view)))

    def _take(self, cohort: CohortId) -> list[Judged]:
        with self._lock:
            self._due.pop(cohort, None)
            return self._callers.pop(cohort, [])

    def _leave(self, cohort: CohortId, future: Judged) -> None:
        with self._lock:
            left = self._callers.get(cohort, [])
            if future in left:
                left.remove(future)
            if not left:
                self._callers.pop(cohort, None)
                self._due.pop(cohort, None)


def _pass_on(done: Future[JudgedGroup], future: Judged) -> None:
    """Gives a caller what came of its tournament."""
    if done.cancelled() or not future.set_running_or_notify_cancel():
        return
    if error := done.exception():
        future.set_exception(error)
    else:
        future.set_result(done.result())
