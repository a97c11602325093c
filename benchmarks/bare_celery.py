"""What Celery alone does: tasks that do nothing, one message each, on the same broker.

The queue is filled before, nothing is stored, and Celery's settings are its own (messages are
acknowledged early, results ignored as there is no backend): all in favour of the baseline.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from celery import Celery
from redis import Redis

BROKER = "BARE_CELERY_BROKER"

app = Celery("bare_celery", broker=os.environ.get(BROKER, ""))


@app.task  # type: ignore[untyped-decorator]  # Celery has no types
def nothing() -> None:
    """Does nothing."""


def tasks_per_second(broker_url: str, client: Redis, *, pool: str, count: int) -> float:
    """How many tasks a second one worker does, with as many processes or threads as cores.

    From its first to its last task, so that its start does not count.
    """
    app.conf.broker_url = broker_url
    with app.connection_for_write() as connection, app.amqp.Producer(connection) as producer:
        for _ in range(count):
            nothing.apply_async(producer=producer)
    worker = subprocess.Popen(  # noqa: S603  # our own
        [
            *(sys.executable, "-m", "celery", "-A", "bare_celery", "worker"),
            *("--pool", pool, "--loglevel", "ERROR"),
        ],
        cwd=Path(__file__).parent,
        env={**os.environ, BROKER: broker_url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        left = _watched(client, worker, lambda left: left < count)
        began, already = time.monotonic(), count - left
        _watched(client, worker, lambda left: left == 0 and not client.hlen("unacked"))
        return (count - already) / (time.monotonic() - began)
    finally:
        worker.terminate()
        worker.wait()


def _watched(client: Redis, worker: "subprocess.Popen[bytes]", until: Callable[[int], bool]) -> int:
    """How many messages are left when that is so; raises RuntimeError if the worker ends before."""
    while True:
        left = int(client.llen("celery"))
        if until(left):
            return left
        if worker.poll() is not None:
            raise RuntimeError(f"the bare worker ended with {worker.returncode}")
        time.sleep(0.01)
