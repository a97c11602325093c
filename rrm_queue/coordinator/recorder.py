"""The recorder: a thread that records what lies in the inbox, as much at once as lies there."""

import logging
from collections.abc import Callable, Sequence
from threading import Event, Thread

from tenacity import (
    retry,
    retry_if_exception_type,
    sleep_using_event,
    stop_when_event_set,
    wait_random_exponential,
)

from rrm_queue.coordinator.careful import leave, record_group
from rrm_queue.coordinator.ports import Broker
from rrm_queue.coordinator.rules import together
from rrm_queue.errors import BrokerUnavailable, MessageRefused, StoreUnavailable, UnknownVersion
from rrm_queue.messages import Flush, Outcomes, decode
from rrm_queue.store.database import Database

log = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds to wait for outcomes before it is looked whether to stop, or for a broker to be back."""


class Recorder:
    """Takes outcomes up, records them, and drops them from the inbox; `done` is called after each.

    One transaction after the other: what is not recorded, because we stop or a server is away,
    stays where it lies.
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
        flushes = self._broker.receive(seconds)
        read = self._read(flushes)
        where = {id(outcomes): flush for flush, outcomes in read}
        for group in together(outcomes for _, outcomes in read):
            left = {id(outcomes) for outcomes in self._record(group)}
            self._broker.ack([where[id(one)] for one in group if id(one) not in left])
            self._done()
            if self._stopping.is_set():
                break
        return len(flushes)

    def _read(self, flushes: Sequence[Flush]) -> list[tuple[Flush, Outcomes]]:
        """What the flushes say; those that are none of ours are dropped."""
        read: list[tuple[Flush, Outcomes]] = []
        refused: list[Flush] = []
        for flush in flushes:
            try:
                read.append((flush, decode(flush.body, Outcomes)))
            except UnknownVersion as error:
                leave(flush.batch, str(error))
            except MessageRefused as error:
                log.error("outcomes refused: %s", error)
                refused.append(flush)
        self._broker.ack(refused)
        return read

    def _record(self, flushes: Sequence[Outcomes]) -> list[Outcomes]:
        """`record_group`, however long the store is away."""
        return retry(
            retry=retry_if_exception_type(StoreUnavailable),
            wait=wait_random_exponential(multiplier=0.1, max=5),
            stop=stop_when_event_set(self._stopping),
            sleep=sleep_using_event(self._stopping),
            reraise=True,
        )(record_group)(self._database, flushes)

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
