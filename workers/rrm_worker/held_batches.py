"""The batches that a worker holds, and how many matches of a message it keeps."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Condition

from rrm_queue.domain import BatchId, BatchRef, JobId
from rrm_queue.messages import JudgeBatch
from rrm_worker.running_batch import RunningBatch

log = logging.getLogger(__name__)


class HeldBatches:
    """What is held now; any thread may ask. `capacity` says how many of its matches fit at once."""

    def __init__(self, capacity: Callable[[JudgeBatch], int]) -> None:
        self._capacity = capacity
        self._running: dict[BatchRef, RunningBatch] = {}
        self._messages = 0
        self._changed = Condition()

    @property
    def messages(self) -> int:
        """How many messages the batches came in."""
        return self._messages

    def now(self) -> dict[BatchRef, RunningBatch]:
        """The batches."""
        with self._changed:
            return dict(self._running)

    def load(self) -> float:
        """The matches that are not decided, each as its share of what fits at once."""
        return sum(one.undecided / self._capacity(one.batch) for one in self.now().values())

    def room(self, batch: JudgeBatch) -> int:
        """How many matches of a message with this batch to keep: what fits beside what is held.

        Half of what can be held at least, as much as a message holds that is made for this worker.
        """
        capacity = self._capacity(batch)
        return max(1, capacity // 2, int((1 - self.load()) * capacity))

    @contextmanager
    def holding(self, message: Sequence[RunningBatch]) -> Iterator[list[RunningBatch]]:
        """Holds those of a message's batches that are not held already."""
        with self._changed:
            new = {ref(one.batch): one for one in message if ref(one.batch) not in self._running}
            self._running |= new
            self._messages += 1
        for one in message:
            if ref(one.batch) not in new:
                log.info("batch %s arrived twice", one.batch.batch)
        try:
            yield list(new.values())
        finally:
            with self._changed:
                for held in new:
                    del self._running[held]
                self._messages -= 1
                self._changed.notify_all()

    def wait_until_idle(self, seconds: float) -> bool:
        """Whether nothing is held, within so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._running, seconds)


def ref(batch: JudgeBatch) -> BatchRef:
    """The batch's name, which is never used twice."""
    return JobId(batch.job), BatchId(batch.batch)


def split(sizes: Sequence[int], room: int) -> list[int]:
    """How many matches to keep of each batch of a message, the first ones, `room` in all."""
    kept = []
    for size in sizes:
        kept.append(min(size, max(0, room)))
        room -= size
    return kept
