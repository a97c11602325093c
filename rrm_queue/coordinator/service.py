"""The coordinator's process: a loop that dispatches and recovers, and the door for outcomes."""

import logging
import time
from threading import Event, Thread

from tenacity import retry, retry_if_exception_type, stop_when_event_set, wait_random_exponential

from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.ports import Broker
from rrm_queue.coordinator.record import record
from rrm_queue.coordinator.recover import recover
from rrm_queue.errors import BrokerUnavailable, MessageRefused, StoreUnavailable
from rrm_queue.messages import Outcomes, decode
from rrm_queue.store.database import Database

log = logging.getLogger(__name__)

IDLE = 1.0
"""Seconds between looks at the store when nobody wakes the loop."""

RECOVER_EVERY = 2.0
"""Seconds between two searches for lost batches."""

SETTLE = 20.0
"""Seconds without recovery after the broker was away: live workers first renew their leases."""


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
        self._loop = Thread(target=self._run, name="coordinator", daemon=True)

    def start(self) -> None:
        """Begins to dispatch and recover."""
        self._recover_at = time.monotonic() + SETTLE
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

    def take_outcomes(self, body: bytes) -> None:
        """Records a flush, however long the store is away.

        Raises StoreUnavailable only when the coordinator stops: the message is then not done.
        """
        try:
            message = decode(body, Outcomes)
        except MessageRefused as error:
            log.error("outcomes refused: %s", error)
            return
        retry(
            retry=retry_if_exception_type(StoreUnavailable),
            wait=wait_random_exponential(multiplier=0.1, max=5),
            stop=stop_when_event_set(self._stopping),
            reraise=True,
        )(record)(self._database, message)
        self.wake()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait(IDLE)
            self._woken.clear()
            try:
                self._turn()
            except BrokerUnavailable as error:
                log.warning("%s", error)
                self._recover_at = time.monotonic() + SETTLE
                self._stopping.wait(IDLE)
            except StoreUnavailable as error:
                log.warning("%s", error)
                self._stopping.wait(IDLE)
            except Exception:
                # A fault of one turn must not end the duty: the next turn starts from the store.
                log.exception("a turn of the coordinator failed")
                self._stopping.wait(IDLE)

    def _turn(self) -> None:
        if time.monotonic() >= self._recover_at:
            self._recover_at = time.monotonic() + RECOVER_EVERY
            for batch, loss in recover(self._database, self._broker).items():
                log.warning("batch %s given up: %s", batch, loss)
        dispatch(self._database, self._broker)
