"""How fast a job goes and how long it still takes."""

from collections import deque
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.errors import StoreUnavailable, UsageFault
from rrm_queue.store.views.sizes import tournament_sizes
from rrm_queue.strategies import judges_own_pairs, named
from rrm_queue.views.jobs import JobView

WINDOW = 60.0
"""Seconds over which a rate is measured."""

SHORTEST = 2.0
"""Seconds that a rate needs at least."""


class Pace(NamedTuple):
    """Matches a second, and the seconds that are left; None where that is not known."""

    rate: float | None
    left: float | None


def most_matches(app: App, view: JobView) -> int | None:
    """How many matches the job takes at most; None where its strategy does not tell."""
    if judges_own_pairs(view.strategy):
        return None
    try:
        strategy = named(view.strategy, seeding=view.seeding)
    except UsageFault:  # a strategy of another version
        return None
    with app.begin() as tx:
        sizes = tournament_sizes(tx, view.id)
    return sum(strategy.matches(size) * count for size, count in sizes.items())


class MatchTotal:
    """How many matches a watched job takes at most; read again when it got more tournaments."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._tournaments = 0
        self._most: int | None = None

    def of(self, view: JobView) -> int | None:
        """The total, the last one that is known while the store is away; None if it has none."""
        if view.tournaments != self._tournaments:
            with suppress(StoreUnavailable):
                self._most = most_matches(self._app, view)
                self._tournaments = view.tournaments
        return self._most


class Speedometer:
    """The matches of a job that were over at some moments of the last minute."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def pace(self, view: JobView, total: int | None, clock: float, now: datetime) -> Pace:
        """The pace by what was seen before and by this look at the job.

        `clock` is in seconds from any start. Before there is enough to tell, it is the mean since
        the job started.
        """
        over = view.matches_done + view.matches_failed
        if self._seen and over < self._seen[-1][1]:  # it was retried
            self._seen.clear()
        self._seen.append((clock, over))
        while self._seen[0][0] < clock - WINDOW:
            self._seen.popleft()
        if view.state.ended or view.started_at is None:
            return Pace(_mean(view, over, now), None)
        seconds, matches = clock - self._seen[0][0], over - self._seen[0][1]
        rate = matches / seconds if seconds >= SHORTEST else _mean(view, over, now)
        left = (total - over) / rate if total is not None and rate else None
        return Pace(rate, left)


def _mean(view: JobView, over: int, now: datetime) -> float | None:
    if view.started_at is None:
        return None
    seconds = ((view.finished_at or now) - view.started_at).total_seconds()
    return over / seconds if seconds > 0 and over else None
