"""The coordinator's process: a loop that dispatches and recovers, and a recorder beside it."""

import logging
import time
from collections import defaultdict
from contextlib import suppress
from threading import Event, Thread

from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.floors import Floors
from rrm_queue.coordinator.gathering import settle_overdue
from rrm_queue.coordinator.held_votes import record_due
from rrm_queue.coordinator.observer import Observer
from rrm_queue.coordinator.ports import Broker
from rrm_queue.coordinator.rate import rate_decided
from rrm_queue.coordinator.recorder import Recorder
from rrm_queue.coordinator.recover import recover
from rrm_queue.coordinator.removing import remove_marked
from rrm_queue.coordinator.settling import Settling
from rrm_queue.domain import BatchRef
from rrm_queue.errors import BrokerUnavailable, StoreUnavailable
from rrm_queue.log_once import tell
from rrm_queue.store.database import Database
from rrm_queue.store.listening import Channel, listening

log = logging.getLogger(__name__)

IDLE = 1.0
"""Seconds between two turns of the loop when nothing wakes it."""

RECOVER_EVERY = 1.0
"""Seconds between two searches for lost batches."""

HEARTBEAT = 1.0
"""Seconds between two signs of life."""

STUCK_SECONDS = 120.0
"""A coordinator whose loop has not turned for so long is present no more."""

RATER_SECONDS = 1.0
"""How long the end of this process waits for ratings that are being computed."""


class Coordinator:
    """Runs the coordinator's duties over one store and one broker.

    `start` runs the loop in a thread of its own, the recorder in another, what rates large
    tournaments in a third, and what listens for new ones in a fourth. A fifth shows that it is
    present, by `name`, and waits for none of them. `wake` is called by the queue's threads.
    `observer` is told what is done.
    """

    def __init__(
        self,
        database: Database,
        broker: Broker,
        name: str = "coordinator",
        observer: Observer | None = None,
    ) -> None:
        self._database = database
        self._broker = broker
        self._name = name
        self._observer = observer or Observer()
        self._woken = Event()
        self._stopping = Event()
        self._recover_at = 0.0
        self._turned_at = time.monotonic()
        self._settling = Settling()
        self._floors = defaultdict[str, Floors](Floors)
        self._unrecorded = frozenset[BatchRef]()
        self._recorder = Recorder(
            database, broker, self.wake, self._observer, away=self._settling.unsettle
        )
        self._loop = Thread(target=self._run, name="coordinator", daemon=True)
        self._listener = Thread(target=self._listen_until_stopped, name="listener", daemon=True)
        self._rater = Thread(target=self._rate_until_stopped, name="rater", daemon=True)
        self._heart = Thread(target=self._announce_until_stopped, name="heart", daemon=True)

    def start(self) -> None:
        """Starts the loop and the recorder."""
        self._settling.unsettle()
        self._recorder.start()
        self._loop.start()
        self._listener.start()
        self._rater.start()
        self._heart.start()

    def stop(self) -> None:
        """Ends the loop after the turn it is in, and the recorder."""
        self._stopping.set()
        self._recorder.stop()
        self._woken.set()

    def join(self) -> None:
        """Waits until the loop and the recorder have ended."""
        self._loop.join()
        self._recorder.join()
        self._rater.join(RATER_SECONDS)  # what it computes is computed again by another
        self._heart.join()
        with suppress(BrokerUnavailable):  # its presence lapses by itself
            self._broker.withdraw(self._name)

    def wake(self) -> None:
        """Starts a turn of the loop: there may be something to dispatch."""
        self._woken.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait(IDLE)
            self._woken.clear()
            try:
                self._turn()
            except (BrokerUnavailable, StoreUnavailable) as error:
                log.warning("%s", error)
                self._settling.unsettle()
                self._stopping.wait(IDLE)
            except Exception:
                # A fault in one turn must not end the loop: the next turn starts from the store.
                log.exception("a turn of the coordinator failed")
                self._stopping.wait(IDLE)

    def _announce_until_stopped(self) -> None:
        """Shows that this coordinator is present, however long a turn of the loop takes."""
        while not self._stopping.is_set():
            if time.monotonic() - self._turned_at < STUCK_SECONDS:
                with suppress(BrokerUnavailable):  # the loop says so
                    self._broker.announce(self._name)
            self._stopping.wait(HEARTBEAT)

    def _rate_until_stopped(self) -> None:
        """Rates the tournaments that are decided; the loop and the recorder go on meanwhile.

        It also records votes of people that can no longer be taken back, and removes deleted jobs.
        """
        while not self._stopping.wait(IDLE):
            try:
                rate_decided(self._database)
                record_due(self._database)
                remove_marked(self._database)
            except StoreUnavailable as error:
                log.warning("%s", error)
                self._settling.unsettle()
            except Exception:
                log.exception("tournaments could not be rated")

    def _listen_until_stopped(self) -> None:
        """Wakes the loop as soon as tournaments are added to an open job."""
        while not self._stopping.is_set():
            try:
                with listening(self._database, [Channel.WORK]) as listener:
                    self.wake()  # what was added before was not heard
                    while not self._stopping.is_set():
                        for _ in listener.receive(IDLE):
                            self.wake()
            except StoreUnavailable:  # the loop says so; until then it looks by itself
                self._stopping.wait(IDLE)
            except Exception:
                log.exception("what was added to open jobs is noticed later")
                self._stopping.wait(IDLE)

    def _turn(self) -> None:
        self._settling.turn()
        self._turned_at = time.monotonic()
        dispatch(self._database, self._broker, self._observer, self._floors, self.wake)
        now = time.monotonic()
        if now >= self._recover_at:
            self._recover_at = now + RECOVER_EVERY
            self._recover(settled=self._settling.settled)
            settle_overdue(self._database)

    def _recover(self, *, settled: bool) -> None:
        """Gives up what is lost, and relists outcomes that wait longer than from look to look.

        The coordinator that received them may have died.
        """
        found = recover(self._database, self._broker, settled=settled)
        for batch, loss in found.lost.items():
            log.warning("batch %s given up: %s", batch, loss)
            self.wake()
        self._broker.relist(found.unrecorded & self._unrecorded)
        self._unrecorded = found.unrecorded
        tell(self._observer.looked, found.messages, len(found.unrecorded))
