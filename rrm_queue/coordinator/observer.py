"""What a coordinator tells of its work to those who watch it, such as its metrics."""

import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple, ParamSpec

from rrm_queue.log_once import log_once
from rrm_queue.store.queue.counters import Counts
from rrm_queue.text import first_line

log = logging.getLogger(__name__)

Arguments = ParamSpec("Arguments")


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


def tell(
    told: Callable[Arguments, None], *arguments: Arguments.args, **options: Arguments.kwargs
) -> None:
    """Calls an observer's method. Its faults are logged once and harm no work."""
    try:
        told(*arguments, **options)
    except Exception as fault:
        log_once(log, logging.ERROR, "the metrics could not be updated: %s", first_line(fault))
