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

from rrm_queue.broker.transport import ROOM
from rrm_queue.errors import BrokerUnavailable

log = logging.getLogger(__name__)

LOOK_SECONDS = 3.0
"""How often it is looked whether messages wait and none is taken."""

DEAF_AFTER = 3
"""So many looks in a row, with a thread free, and the consumer is taken to be deaf."""


class Consumer(consumer.Consumer):  # type: ignore[misc]  # celery has no types
    """Celery's consumer, which drops a task that others serve with one line that quotes nothing."""

    def on_unknown_task(self, body: Any, message: Any, exc: Exception) -> None:
        """Drops the message; Celery would write all of it into the log."""
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
) -> int:
    """Takes messages until SIGTERM or SIGINT, then ends what it has begun; the exit code.

    `waiting` says how many messages a queue holds. `stopping` is called as soon as the end is asked
    for, while tasks still run. `room` says whether to take another message beside so many that were
    taken and are not done; without it threads alone bound them.
    """
    ended = Event()

    def has_room() -> bool:
        # To the transport, a message whose acknowledgement was lost would never be done.
        return room is None or room(len(state.reserved_requests))

    if room is not None:
        app.conf.broker_transport_options = {**app.conf.broker_transport_options, ROOM: has_room}

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
        # Workers need not know of each other: the roll in Redis and the store's locks see to that.
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
    """Wakes a consumer that has gone deaf.

    When the broker dies while a message is acknowledged, Celery logs the lost connection and
    swallows it; its event loop then waits for ever on a connection that is no more.
    """
    quiet, taken = 0, -1
    while not ended.wait(LOOK_SECONDS):
        try:
            left = waits()
        except BrokerUnavailable:
            left = False
        quiet = quiet + 1 if left and state.total_count.total() == taken else 0
        taken = state.total_count.total()
        if quiet >= DEAF_AFTER and worker.consumer is not None:
            log.warning("messages wait and none is taken: connecting to the broker anew")
            worker.consumer.call_soon(_reconnect)
            quiet = 0


def _reconnect() -> None:
    raise ConnectionError("the consumer was deaf")
