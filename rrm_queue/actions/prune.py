"""Removing jobs that are left over."""

from collections.abc import Iterator

from rrm_queue.actions.app import App
from rrm_queue.store.queue.pruning import LeftOver, delete_left_over, left_over

DAY = 86_400.0


def prunable(app: App, days: float, *, ended: bool = False) -> list[LeftOver]:
    """The jobs that `prune` would remove: without work for so many days.

    They are those that requests for rewards made; with `ended` also all others that have ended.
    """
    with app.begin() as tx:
        return left_over(tx, days * DAY, ended=ended)


def prune(app: App, days: float, *, ended: bool = False) -> Iterator[LeftOver]:
    """Removes these jobs with their votes, each in a transaction; those that were removed."""
    for one in prunable(app, days, ended=ended):
        with app.begin() as tx:
            removed = delete_left_over(tx, one.job)
        if removed:
            yield one
