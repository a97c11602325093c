"""Group commit: what many callers ask for is done together, in one transaction.

Whoever comes while one call of the store runs is served by the next one. So a single caller waits
for nobody, and a thousand callers cost as many transactions as the store can do one after another.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

from rrm_queue.errors import RrmqError, StoreUnavailable

log = logging.getLogger(__name__)

MOST = 256
"""Items in one call at most: their texts are in memory, and their rows locked, meanwhile."""

Item = TypeVar("Item")
Done = TypeVar("Done")
Work = Callable[[Sequence[Item]], Sequence[Done | Exception]]


class GroupCommit(Generic[Item, Done]):
    """Calls `work` with the items that wait, in a thread of its own; it is thread-safe.

    `work` returns what became of each item, in order, which may be an error; or it raises, and then
    nothing of it was done. If several items fail together, each is tried alone, so that one harms
    no other. `close` ends the thread after what was given to it.
    """

    def __init__(self, name: str, work: Work[Item, Done]) -> None:
        self._work = work
        self._queue: SimpleQueue[tuple[Item, Future[Done]] | None] = SimpleQueue()
        self._closed = False
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, item: Item) -> Future[Done]:
        """What will have become of the item."""
        future: Future[Done] = Future()
        self._queue.put((item, future))
        return future

    def close(self) -> None:
        """Ends the thread."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while not self._closed:
            group = [(item, future) for item, future in self._next() if _goes_on(future)]
            if group:
                self._do(group)

    def _next(self) -> list[tuple[Item, Future[Done]]]:
        """All that waits, after waiting for the first."""
        group: list[tuple[Item, Future[Done]]] = []
        entry = self._queue.get()
        while entry is not None:
            group.append(entry)
            if len(group) == MOST:
                return group
            try:
                entry = self._queue.get_nowait()
            except Empty:
                return group
        self._closed = True
        return group

    def _do(self, group: Sequence[tuple[Item, Future[Done]]]) -> None:
        try:
            results = self._work([item for item, _ in group])
        except Exception as error:
            if len(group) > 1 and not isinstance(error, StoreUnavailable):
                for one in group:
                    self._do([one])
                return
            if not isinstance(error, RrmqError):
                log.exception("a request failed")
            results = [error] * len(group)
        for (_, future), result in zip(group, results, strict=True):
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)


def _goes_on(future: Future[Done]) -> bool:
    """Whether its caller still waits; from here on it cannot be cancelled."""
    return future.set_running_or_notify_cancel()
