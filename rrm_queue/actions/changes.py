"""Following the store's notices: which jobs change, told as it happens and without polling."""

import logging
from collections.abc import Callable
from threading import Event, Thread

from rrm_queue.actions.app import App
from rrm_queue.domain import JobId
from rrm_queue.errors import RrmqError
from rrm_queue.log_once import log_once
from rrm_queue.store.listening import Channel, listening

log = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds between two looks whether to stop, and between two tries to reach the store."""

Tell = Callable[[frozenset[JobId] | None], None]
"""Called from a thread with the jobs that changed; with None when any may have changed."""


class Following:
    """A thread that tells of changed jobs, over one connection of its own.

    It connects again when the store was away. As changes may have been missed then, and before the
    first connection, it tells None whenever it has connected.
    """

    def __init__(self, app: App, tell: Tell) -> None:
        self._app = app
        self._tell = tell
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="changes", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread soon."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow()
            except RrmqError as error:
                log_once(log, logging.WARNING, "changes of jobs are not seen: %s", error)
                self._stopping.wait(PATIENCE)
            except Exception:
                log.exception("changes of jobs are not seen")
                self._stopping.wait(PATIENCE)

    def _follow(self) -> None:
        with listening(self._app.database, [Channel.JOBS]) as listener:
            self._tell(None)
            while not self._stopping.is_set():
                notices = list(listener.receive(PATIENCE))
                if notices:
                    self._tell(frozenset(JobId(id_) for one in notices for id_ in one.ids))
