"""Those who wait for a cohort: until it is whole or late, and then until its group is judged."""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from functools import partial
from threading import Lock

from rrm_queue.actions.app import App
from rrm_queue.actions.rewards.gathering import Gatherer, Placed
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

    def __init__(self, app: App, waiting: Waiting, gatherer: Gatherer) -> None:
        self._app = app
        self._waiting = waiting
        self._gatherer = gatherer
        self._lock = Lock()
        self._callers: dict[CohortId, list[Judged]] = {}
        self._due: dict[CohortId, float] = {}

    def expect(self, places: Sequence[Placed]) -> list[Judged]:
        """What will have come of the cohort of each place; who waits no longer cancels it."""
        futures: list[Judged] = [Future() for _ in places]
        with self._lock:
            for placed, future in zip(places, futures, strict=True):
                cohort = placed.cohort
                self._callers.setdefault(cohort.id, []).append(future)
                self._due[cohort.id] = time.monotonic() + cohort.left + SURE
        for placed, future in zip(places, futures, strict=True):
            future.add_done_callback(partial(self._leave, placed.cohort.id))
        self.look({placed.cohort.id for placed in places})  # it may have gone on meanwhile
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
            self._gatherer.expire(late)
            self.look(late)

    def look(self, cohorts: Iterable[CohortId]) -> None:
        """Goes on with those of the cohorts that gather no longer."""
        wanted = [id_ for id_ in cohorts if id_ in self._callers]
        if not wanted:
            return
        with self._app.begin() as tx:
            views = read_cohorts(tx, wanted)
        following = []
        for view in views:
            if view.state is CohortState.GATHERING:
                with self._lock:
                    self._due[view.id] = time.monotonic() + view.left + SURE
                continue
            for future in self._take(view.id):
                self._go_on(view, future)
            if view.tournament is not None and view.state is CohortState.JUDGED:
                following.append(view.tournament)
        self._waiting.look(following)

    def _go_on(self, view: CohortView, future: Judged) -> None:
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
