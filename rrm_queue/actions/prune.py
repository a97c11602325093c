"""Removing jobs that are left over."""

from collections.abc import Iterable, Iterator

from rrm_queue.actions.app import App
from rrm_queue.coordinator.removing import Tell, remove, tell_nobody
from rrm_queue.store.queue.pruning import left_over, mark_left_over
from rrm_queue.views.jobs import LeftOver

DAY = 86_400.0
"""Seconds."""

LONGEST = 36_500.0
"""Days that no job is old, and that Postgres can still count."""


def prunable(app: App, days: float, *, ended: bool = False) -> list[LeftOver]:
    """The jobs without work for so many days, the oldest first.

    They are those that requests for rewards made; with `ended` also all others that have ended.
    """
    with app.begin() as tx:
        return left_over(tx, min(days, LONGEST) * DAY, ended=ended)


def prune(app: App, jobs: Iterable[LeftOver], tell: Tell = tell_nobody) -> Iterator[LeftOver]:
    """Removes these jobs with their votes; those that were removed, as each of them is gone.

    One that has work again stays. `tell` is called with the number of tournaments that are gone so
    far.
    """
    gone = 0
    for one in jobs:
        with app.begin() as tx:
            marked = mark_left_over(tx, one.job)
        if marked:
            for removed in remove(app.database, one.job):
                tell(gone + removed)
            gone += one.tournaments
            yield one
