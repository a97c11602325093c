"""The recorder: a thread that records what lies in the inbox, as much at once as lies there."""

import logging
from collections.abc import Callable, Sequence
from threading import Event, Thread

from tenacity import retry, retry_if_exception_type, stop_when_event_set, wait_random_exponential

from rrm_queue.coordinator.careful import leave, record_carefully
from rrm_queue.coordinator.ports import Broker
from rrm_queue.errors import BrokerUnavailable, MessageRefused, StoreUnavailable, UnknownVersion
from rrm_queue.messages import Flush, Outcomes, decode
from rrm_queue.store.database import Database

log = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds to wait for outcomes before it is looked whether to stop, or for a broker to be back."""


class Recorder:
    """Takes outcomes up, records them, and drops them from the inbox; `done` is called after each.

    What is not recorded, because we stop or a server is away, stays where it lies.
    """

    def __init__(self, database: Database, broker: Broker, done: Callable[[], None]) -> None:
        self._database = database
        self._broker = broker
        self._done = done
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Begins to record."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after what is being recorded, and whatever waits for the store."""
        self._stopping.set()

    def join(self) -> None:
        """Waits until it has ended."""
        self._thread.join()

    def turn(self, seconds: float = 0.01) -> int:
        """Records what lies there; waits for it, `seconds` at most. How many flushes there were.

        Raises BrokerUnavailable and StoreUnavailable.
        """
        flushes = self._broker.take_up(seconds)
        if flushes:
            self._broker.recorded(self._recorded(flushes))
            self._done()
        return len(flushes)

    def _recorded(self, flushes: Sequence[Flush]) -> list[Flush]:
        """Those of the flushes that are done with: recorded, or none of ours."""
        read: dict[int, Outcomes] = {}
        left: set[int] = set()
        for place, flush in enumerate(flushes):
            try:
                read[place] = decode(flush.body, Outcomes)
            except UnknownVersion as error:
                leave(flush.batch, str(error))
                left.add(place)
            except MessageRefused as error:
                log.error("outcomes refused: %s", error)
        foreign = {id(outcomes) for outcomes in self._record(list(read.values()))}
        left |= {place for place, outcomes in read.items() if id(outcomes) in foreign}
        return [flush for place, flush in enumerate(flushes) if place not in left]

    def _record(self, flushes: Sequence[Outcomes]) -> list[Outcomes]:
        """`record_carefully`, however long the store is away."""
        return retry(
            retry=retry_if_exception_type(StoreUnavailable),
            wait=wait_random_exponential(multiplier=0.1, max=5),
            stop=stop_when_event_set(self._stopping),
            reraise=True,
        )(record_carefully)(self._database, flushes)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.turn(PATIENCE)
            except (BrokerUnavailable, StoreUnavailable) as error:
                log.warning("outcomes stay where they are: %s", error)
                self._stopping.wait(PATIENCE)
            except Exception:
                log.exception("outcomes stay where they are")
                self._stopping.wait(PATIENCE)
