"""A Celery worker in this process: threads, its own queues, ended by SIGTERM."""

import socket
import warnings
from collections.abc import Callable, Sequence

from celery import Celery, signals
from celery.exceptions import SecurityWarning


def consume(
    app: Celery, *, name: str, queues: Sequence[str], threads: int, stopping: Callable[[], None]
) -> int:
    """Takes messages until SIGTERM or SIGINT, then ends what it has begun; the exit code.

    `stopping` is called as soon as the end is asked for, while tasks still run.
    """

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
    worker.start()
    return int(worker.exitcode or 0)
