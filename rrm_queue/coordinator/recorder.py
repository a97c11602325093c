"""The recorder: a thread that records the outcomes that wait in the inbox, many at once."""

import logging
import time
from collections.abc import Callable, Sequence
from threading import Event, Thread

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    wait_random_exponential,
)

from rrm_queue.coordinator.batching import by_job, together
from rrm_queue.coordinator.observer import Observer
from rrm_queue.coordinator.ports import Broker
from rrm_queue.coordinator.record import leave, record_group
from rrm_queue.domain import BatchId
from rrm_queue.errors import BrokerUnavailable, MessageRefused, StoreUnavailable, UnknownVersion
from rrm_queue.log_once import tell
from rrm_queue.messages import Flush, Outcomes, decode
from rrm_queue.store.database import Database

log = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds to wait for outcomes before looking whether to stop; also after a server was away."""


MOST_TRIES = 8
"""How often a group is tried at a store that answers otherwise; some ten seconds."""

SAY_EVERY = 60.0
"""Seconds between two lines that say that outcomes are still not recorded."""


class Recorder:
    """Receives outcomes, records them and acknowledges them; `done` is called after each group.

    One transaction after the other. What is not recorded, because the process stops or a server is
    away, stays in the inbox.
    """

    def __init__(
        self,
        database: Database,
        broker: Broker,
        done: Callable[[], None],
        observer: Observer | None = None,
        away: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._broker = broker
        self._done = done
        self._observer = observer or Observer()
        self._away = away
        self._said_at = 0.0
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread after the group that it records; a wait for the store ends at once."""
        self._stopping.set()

    def join(self) -> None:
        """Waits until the thread has ended."""
        self._thread.join()

    def turn(self, seconds: float = 0.01) -> int:
        """Records what is in the inbox, after waiting for it up to `seconds`; how many flushes.

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
        """The outcomes in the flushes; flushes that are no such message are dropped."""
        read: list[tuple[Flush, Outcomes]] = []
        refused: list[Flush] = []
        for flush in flushes:
            try:
                read.append((flush, decode(flush.body, Outcomes)))
            except UnknownVersion as error:
                leave(flush.batch, str(error))
            except MessageRefused as error:
                log.error("outcomes dropped, they cannot be read: %s", error)
                refused.append(flush)
        self._broker.ack(refused)
        return read

    def _record(self, group: Sequence[Outcomes]) -> list[Outcomes]:
        """Records a group; the flushes that are left.

        While the store is away it is tried again. A group at which a store breaks off that answers
        otherwise is recorded job by job. What it still breaks off at is left in the inbox: no other
        job waits for it.
        """
        began = time.monotonic()
        try:
            done = Retrying(
                retry=retry_if_exception_type(StoreUnavailable),
                wait=wait_random_exponential(multiplier=0.1, max=5),
                stop=self._gives_up,
                sleep=sleep_using_event(self._stopping),
                before_sleep=self._say,
                reraise=True,
            )(record_group, self._database, group)
        except StoreUnavailable as error:
            if self._stopping.is_set():
                raise
            jobs = by_job(group)
            if len(jobs) > 1:
                return [left for one in jobs for left in self._record(one)]
            for flush in group:
                leave(BatchId(flush.batch), f"the store breaks off at them: {error}")
            return list(group)
        tell(self._observer.recorded, done.counts, time.monotonic() - began)
        return done.left

    def _gives_up(self, state: RetryCallState) -> bool:
        """Whether we stop, or a group was tried often enough at a store that answers otherwise."""
        if self._stopping.is_set():
            return True
        if state.attempt_number < MOST_TRIES:
            return False
        try:
            self._database.server_version()
        except StoreUnavailable:
            return False
        return True

    def _say(self, state: RetryCallState) -> None:
        """Logs why outcomes are not recorded: at the first try again, and then every minute."""
        self._away()
        now = time.monotonic()
        if state.attempt_number == 1 or now - self._said_at >= SAY_EVERY:
            self._said_at = now
            fault = state.outcome.exception() if state.outcome else None
            log.warning("outcomes are not recorded yet, and tried again: %s", fault)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.turn(PATIENCE)
            except (BrokerUnavailable, StoreUnavailable) as error:
                log.warning("outcomes stay in the inbox: %s", error)
                self._away()
                self._stopping.wait(PATIENCE)
            except Exception:
                log.exception("outcomes stay in the inbox")
                self._stopping.wait(PATIENCE)
