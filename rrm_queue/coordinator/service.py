"""The coordinator's process: a loop that dispatches and recovers, and the door for outcomes."""

import logging
import time
from functools import lru_cache
from threading import Event, Thread

from tenacity import retry, retry_if_exception_type, stop_when_event_set, wait_random_exponential

from rrm_queue.coordinator.careful import record_carefully
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.ports import Broker
from rrm_queue.coordinator.recover import recover, unrecorded
from rrm_queue.domain import BatchId, JobId
from rrm_queue.errors import (
    BrokerUnavailable,
    ForeignJob,
    MessageRefused,
    StoreUnavailable,
    UnknownVersion,
)
from rrm_queue.messages import Outcomes, decode
from rrm_queue.store.database import Database

log = logging.getLogger(__name__)

IDLE = 1.0
"""Seconds between looks at the store when nobody wakes the loop."""

RECOVER_EVERY = 1.0
"""Seconds between two searches for lost batches."""

SETTLE = 20.0
"""Seconds after the broker or we were away in which an absent lease does not mean a dead worker."""


class Coordinator:
    """Runs the coordinator's duties over one store and one broker.

    `start` begins the loop in a thread of its own; `take_outcomes` and `wake` are called by the
    queue's threads.
    """

    def __init__(self, database: Database, broker: Broker) -> None:
        self._database = database
        self._broker = broker
        self._woken = Event()
        self._stopping = Event()
        self._recover_at = 0.0
        self._settled_at = 0.0
        self._lying: set[tuple[JobId, BatchId]] = set()
        self._loop = Thread(target=self._run, name="coordinator", daemon=True)

    def start(self) -> None:
        """Begins to dispatch and recover."""
        self._settled_at = time.monotonic() + SETTLE
        self._loop.start()

    def stop(self) -> None:
        """Ends the loop after the turn it is in, and whatever waits for the store."""
        self._stopping.set()
        self._woken.set()

    def join(self) -> None:
        """Waits until the loop has ended."""
        self._loop.join()

    def wake(self) -> None:
        """There may be something to dispatch."""
        self._woken.set()

    def take_outcomes(self, job: JobId, batch: BatchId) -> None:
        """Records what lies ready of a batch, however long the store is away.

        What is not recorded, because we stop or the broker is away, stays where it lies.
        """
        try:
            flushes = self._broker.outcomes(job, batch)
            done = [flush for flush, body in flushes.items() if self._take(batch, body)]
            self._broker.recorded(job, batch, done)
        except (BrokerUnavailable, StoreUnavailable) as error:
            log.warning("outcomes of batch %s stay where they are: %s", batch, error)
        except Exception:
            log.exception("outcomes of batch %s stay where they are", batch)
        self.wake()

    def _take(self, batch: BatchId, body: bytes) -> bool:
        """Whether a flush is done with; one of another version is left to whoever speaks it."""
        try:
            self._record(decode(body, Outcomes))
        except (UnknownVersion, ForeignJob) as error:
            _leave(batch, str(error))
            return False
        except MessageRefused as error:
            log.error("outcomes refused: %s", error)
        return True

    def _record(self, message: Outcomes) -> None:
        retry(
            retry=retry_if_exception_type(StoreUnavailable),
            wait=wait_random_exponential(multiplier=0.1, max=5),
            stop=stop_when_event_set(self._stopping),
            reraise=True,
        )(record_carefully)(self._database, message)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait(IDLE)
            self._woken.clear()
            try:
                self._turn()
            except BrokerUnavailable as error:
                log.warning("%s", error)
                self._settled_at = time.monotonic() + SETTLE
                self._stopping.wait(IDLE)
            except StoreUnavailable as error:
                log.warning("%s", error)
                self._stopping.wait(IDLE)
            except Exception:
                # A fault of one turn must not end the duty: the next turn starts from the store.
                log.exception("a turn of the coordinator failed")
                self._stopping.wait(IDLE)

    def _turn(self) -> None:
        if dispatch(self._database, self._broker):
            self.wake()  # what was decided without being sent may have successors
        now = time.monotonic()
        if now < self._recover_at:
            return
        self._recover_at = now + RECOVER_EVERY
        settled = now >= self._settled_at
        for batch, loss in recover(self._database, self._broker, settled=settled).items():
            log.warning("batch %s given up: %s", batch, loss)
            self.wake()
        self._collect()

    def _collect(self) -> None:
        """Records what was there at the last look as well: nobody was told, or nobody lived."""
        there = unrecorded(self._database, self._broker)
        for job, batch in there & self._lying:
            self.take_outcomes(job, batch)
        self._lying = there


@lru_cache(maxsize=1024)  # said once a batch, not at every look
def _leave(batch: BatchId, why: str) -> None:
    log.error("outcomes of batch %s are left to others: %s", batch, why)
