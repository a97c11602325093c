"""The coordinator's process: a loop that dispatches and recovers, and a recorder beside it."""

import logging
import time
from contextlib import suppress
from threading import Event, Thread

from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.ports import Broker, Place
from rrm_queue.coordinator.recorder import Recorder
from rrm_queue.coordinator.recover import recover, unrecorded
from rrm_queue.errors import BrokerUnavailable, StoreUnavailable
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

    `start` begins the loop in a thread of its own, and the recorder in another; `wake` is called by
    the queue's threads. It is known by `name` for as long as its loop turns.
    """

    def __init__(self, database: Database, broker: Broker, name: str = "coordinator") -> None:
        self._database = database
        self._broker = broker
        self._name = name
        self._woken = Event()
        self._stopping = Event()
        self._recover_at = 0.0
        self._settled_at = 0.0
        self._lying: set[Place] = set()
        self._recorder = Recorder(database, broker, self.wake)
        self._loop = Thread(target=self._run, name="coordinator", daemon=True)

    def start(self) -> None:
        """Begins to record, dispatch and recover."""
        self._settled_at = time.monotonic() + SETTLE
        self._recorder.start()
        self._loop.start()

    def stop(self) -> None:
        """Ends the loop after the turn it is in, and the recorder."""
        self._stopping.set()
        self._recorder.stop()
        self._woken.set()

    def join(self) -> None:
        """Waits until the loop and the recorder have ended."""
        self._loop.join()
        self._recorder.join()
        with suppress(BrokerUnavailable):  # it lapses by itself
            self._broker.withdraw(self._name)

    def wake(self) -> None:
        """There may be something to dispatch."""
        self._woken.set()

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
        self._broker.announce(self._name)
        settled = now >= self._settled_at
        for batch, loss in recover(self._database, self._broker, settled=settled).items():
            log.warning("batch %s given up: %s", batch, loss)
            self.wake()
        self._collect()

    def _collect(self) -> None:
        """Lists again what lay there at the last look as well: who took it up may have died."""
        there = unrecorded(self._database, self._broker)
        self._broker.relist(there & self._lying)
        self._lying = there
