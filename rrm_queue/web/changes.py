"""Waiting for changes of jobs in the event loop: one connection of the store for all who wait."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from rrm_queue.actions.app import App
from rrm_queue.actions.changes import Following
from rrm_queue.domain import JobId


class Changes:
    """Sets the events of those who wait for a job when it changes, or may have changed."""

    def __init__(self, app: App) -> None:
        self._waiting: defaultdict[JobId | None, set[asyncio.Event]] = defaultdict(set)
        self._loop = asyncio.get_running_loop()
        self._following = Following(app, self._tell)
        self._started = False

    @contextmanager
    def of(self, job: JobId | None) -> Iterator[asyncio.Event]:
        """An event that is set after each change of the job, or of any job where it is None.

        Who waits for it clears it first.
        """
        if not self._started:
            self._started = True
            self._following.start()
        event = asyncio.Event()
        self._waiting[job].add(event)
        try:
            yield event
        finally:
            self._waiting[job].discard(event)
            if not self._waiting[job]:
                del self._waiting[job]

    def wake_all(self) -> None:
        """Sets the events of all who wait."""
        self._set(None)

    def stop(self) -> None:
        """Ends the connection."""
        self._following.stop()

    def _tell(self, jobs: frozenset[JobId] | None) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._set, jobs)

    def _set(self, jobs: frozenset[JobId] | None) -> None:
        for job in self._waiting.keys() if jobs is None else self._waiting.keys() & {*jobs, None}:
            for event in self._waiting[job]:
                event.set()
