"""ResendBuffer: what a worker has sent and no coordinator has recorded yet, should it get lost."""

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
"""Characters kept at most; the oldest go first: the broker has them, unless all goes wrong."""


class ResendBuffer:
    """Sends flushes, and sends those again that were lost with the broker's data.

    Those that lie in the inbox at two looks are listed there again: who took them up may have died,
    and coordinators look only after batches that are out, not after those that were given up.
    """

    def __init__(self, leases: WorkerLeases, send: Callable[[Outcomes], None]) -> None:
        self._leases = leases
        self._inbox = Inbox(leases.client)
        self._send = send
        self._flushes: deque[Outcomes] = deque()
        self._text = 0
        self._lock = Lock()
        self._epoch: str | None = None
        self._lying: set[BatchRef] = set()

    def send(self, outcomes: Outcomes) -> None:
        """Sends a flush and keeps it; raises BrokerUnavailable, with nothing kept."""
        self._send(outcomes)
        with self._lock:
            self._flushes.append(outcomes)
            self._text += _size(outcomes)
            while self._text > MOST_TEXT:
                self._text -= _size(self._flushes.popleft())

    def check(self) -> None:
        """Forgets what is recorded; sends all that may be lost again.

        Raises RedisError and BrokerUnavailable: the next look makes up for it.
        """
        with self._lock:
            kept = list(self._flushes)
        batches = [(JobId(flush.job), BatchId(flush.batch)) for flush in kept]
        lying = self._inbox.waiting(batches) if batches else set()
        # In this order: what is not there was recorded if the epoch is the same even afterwards.
        epoch = self._leases.epoch()
        if epoch is None:
            return  # the data is gone and no coordinator has been here yet
        if epoch == self._epoch:
            self._forget({id(flush) for flush in kept if flush.batch not in lying})
            there = {batch for batch in batches if batch[1] in lying}
            self._inbox.relist(there & self._lying)
            self._lying = there
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
