"""A Celery worker in this process: threads, its own queues, ended by SIGTERM."""

import logging
import socket
import warnings
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Any

from celery import Celery, signals
from celery.exceptions import SecurityWarning
from celery.worker import consumer, state

from rrm_queue.broker.transport import WAKER, Waker
from rrm_queue.errors import BrokerUnavailable

log = logging.getLogger(__name__)

LOOK_SECONDS = 3.0
"""How often to check whether messages wait and none is taken."""

STALLED_AFTER = 3
"""After so many checks in a row, with a thread free, the consumer is stalled."""


class Consumer(consumer.Consumer):  # type: ignore[misc]  # celery has no types
    """Celery's consumer. It drops an unknown task, and logs that without the task's content."""

    def on_unknown_task(self, body: Any, message: Any, exc: Exception) -> None:
        """Drops the message; Celery would log all of it."""
        log.error("a message was dropped: this process serves no such task")
        message.reject_log_error(log, self.connection_errors)


def consume(
    app: Celery,
    *,
    name: str,
    queues: Sequence[str],
    threads: int,
    waiting: Callable[[str], int],
    stopping: Callable[[], None],
    room: Callable[[int], bool] | None = None,
    waker: Waker | None = None,
) -> int:
    """Takes messages until SIGTERM or SIGINT, then ends the tasks that run; the exit code.

    `waiting` says how many messages a queue holds. `stopping` is called as soon as the signal
    comes, while tasks still run. `room` says whether to take another message beside so many that
    were taken and are not done; without it only `threads` bounds them. `waker` is told when there
    may be room again.
    """
    ended = Event()

    def has_room() -> bool:
        # The transport's own count never ends a message whose acknowledgement was lost.
        return room is None or room(len(state.reserved_requests))

    if room is not None:
        waker = waker or Waker()
        waker.room = has_room
        app.conf.broker_transport_options = {**app.conf.broker_transport_options, WAKER: waker}

    def shutting_down(**_: object) -> None:
        stopping()

    signals.worker_shutting_down.connect(shutting_down, weak=False)
    # Celery warns root of pickled messages; this app accepts none.
    warnings.simplefilter("ignore", SecurityWarning)
    worker = app.Worker(
        hostname=f"{name}@{socket.gethostname()}",
        pool="threads",
        concurrency=threads,
        queues=list(queues),
        # Workers need not know of each other: leases in Redis and the store's locks see to that.
        without_mingle=True,
        without_gossip=True,
        without_heartbeat=True,
        quiet=True,
    )

    def waits() -> bool:
        """Whether a message waits that could be taken."""
        taken = len(state.reserved_requests)
        return taken < threads and has_room() and any(waiting(queue) for queue in queues)

    watch = Thread(target=_watch, args=(worker, waits, ended), name="watch", daemon=True)
    watch.start()
    worker.start()
    ended.set()
    return int(worker.exitcode or 0)


def _watch(worker: Any, waits: Callable[[], bool], ended: Event) -> None:
    """Reconnects a consumer that is stalled.

    When the broker dies while a message is acknowledged, Celery logs the lost connection and goes
    on; its event loop then waits for ever on the dead connection.
    """
    quiet, taken = 0, -1
    while not ended.wait(LOOK_SECONDS):
        try:
            left = waits()
        except BrokerUnavailable:
            left = False
        quiet = quiet + 1 if left and state.total_count.total() == taken else 0
        taken = state.total_count.total()
        if quiet >= STALLED_AFTER and worker.consumer is not None:
            log.warning("messages wait and none is taken: connecting to the broker again")
            worker.consumer.call_soon(_reconnect)
            quiet = 0


def _reconnect() -> None:
    raise ConnectionError("the consumer was stalled")
