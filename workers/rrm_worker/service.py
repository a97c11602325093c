"""The worker's composition: one broker, one panel, Celery's threads."""

import os
import socket
from collections.abc import Sequence
from secrets import token_hex

from rrm_queue.broker.app import create_app, judge_kind_queue
from rrm_queue.broker.leases import WorkerLeases
from rrm_queue.broker.link import BrokerLink, redis_client
from rrm_queue.broker.serve import consume
from rrm_queue.broker.tasks import serve_batches
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.panel import Panel
from rrm_worker.worker import Worker

BATCHES = 16
"""Batches held at once: late rounds of a knockout come one match a batch."""


def serve(
    broker_url: str, *, kinds: Sequence[str], concurrency: int, engines: EngineSettings
) -> int:
    """Judges batches of these kinds of judge until SIGTERM; the exit code.

    `concurrency` is how many votes are in flight at once, whichever batches they belong to.
    """
    app = create_app(broker_url)
    client = redis_client(broker_url)
    queues = [judge_kind_queue(kind) for kind in kinds]
    worker = Worker(
        Panel(engines, concurrency=concurrency),
        WorkerLeases(client, f"{socket.gethostname()}:{os.getpid()}:{token_hex(4)}"),
        BrokerLink(app, client).send_outcomes,
        dict.fromkeys(queues, concurrency),
    )
    serve_batches(app, worker.take)
    worker.start()
    code = consume(app, name="worker", queues=queues, threads=BATCHES, stopping=lambda: None)
    worker.stop()
    return code
