"""What a coordinator tells of its work to those who watch it, such as its metrics."""

from collections.abc import Mapping
from typing import NamedTuple

from rrm_queue.store.queue.counters import Counts


class QueueLoad(NamedTuple):
    """A judge queue's matches after a turn: those that could be sent, and those that are out."""

    ready: int = 0
    out: int = 0


class Observer:
    """Is told what a coordinator has done; this one does nothing with it."""

    def dispatched(self, loads: Mapping[str, QueueLoad], seconds: float) -> None:
        """A turn of dispatch ended, with these loads of all queues that have jobs."""

    def recorded(self, counts: Counts, seconds: float) -> None:
        """A group of flushes was recorded, or matches were decided by votes in the store."""

    def looked(self, messages: Mapping[str, int], unrecorded: int) -> None:
        """Recover has looked at the batches that are out.

        `messages` wait in each of their queues; of `unrecorded` of them outcomes wait in the inbox.
        """
