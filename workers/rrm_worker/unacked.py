"""ResendBuffer: outcomes that a worker has sent and no coordinator has recorded yet."""

import logging
from collections import deque
from collections.abc import Callable
from threading import Lock

from rrm_queue.broker.inbox import Inbox
from rrm_queue.broker.leases import WorkerLeases
from rrm_queue.domain import BatchId, BatchRef, JobId
from rrm_queue.messages import Outcomes

log = logging.getLogger(__name__)

MOST_TEXT = 100_000_000
"""Characters kept at most; the oldest are dropped first: the broker still has them."""


class ResendBuffer:
    """Sends flushes, and sends them again if the broker loses its data.

    Flushes that are in the inbox at two checks are relisted: the coordinator that received them may
    have died, and coordinators relist only batches that are out, not those that were given up.
    """

    def __init__(self, leases: WorkerLeases, send: Callable[..., None]) -> None:
        self._leases = leases
        self._inbox = Inbox(leases.client)
        self._send = send
        self._flushes: deque[Outcomes] = deque()
        self._text = 0
        self._lock = Lock()
        self._epoch: str | None = None
        self._waiting: set[BatchRef] = set()

    def send(self, *outcomes: Outcomes) -> None:
        """Sends flushes and keeps them; raises BrokerUnavailable, and keeps nothing then."""
        self._send(*outcomes)
        with self._lock:
            self._flushes += outcomes
            self._text += sum(map(_size, outcomes))
            while self._text > MOST_TEXT:
                self._text -= _size(self._flushes.popleft())

    def check(self) -> None:
        """Forgets flushes that are recorded; sends all again after the broker lost its data.

        Raises RedisError and BrokerUnavailable: the next check makes up for it.
        """
        with self._lock:
            kept = list(self._flushes)
        batches = [(JobId(flush.job), BatchId(flush.batch)) for flush in kept]
        waiting = self._inbox.waiting(batches) if batches else set()
        # In this order: a flush that is not there was recorded if the epoch is the same afterwards.
        epoch = self._leases.epoch()
        if epoch is None:
            return  # the data is lost and no coordinator has noticed yet
        if epoch == self._epoch:
            self._forget({id(flush) for flush in kept if flush.batch not in waiting})
            there = {batch for batch in batches if batch[1] in waiting}
            self._inbox.relist(there & self._waiting)
            self._waiting = there
            return
        if self._epoch is not None and kept:
            log.warning("the broker lost its data: sending %s flushes again", len(kept))
            for flush in kept:
                self._send(flush)
        self._epoch = epoch

    def _forget(self, recorded: set[int]) -> None:
        with self._lock:
            self._flushes = deque(flush for flush in self._flushes if id(flush) not in recorded)
            self._text = sum(map(_size, self._flushes))


def _size(outcomes: Outcomes) -> int:
    return sum(len(vote.text) for report in outcomes.matches for vote in report.votes)
