"""The worker's composition: one broker, one runner, Celery's threads, and an engine if asked."""

import logging
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Thread

from rrm_queue.broker.app import create_app
from rrm_queue.broker.client import BrokerClient, redis_client
from rrm_queue.broker.leases import WorkerLeases
from rrm_queue.broker.processes import process_name
from rrm_queue.broker.serve import consume
from rrm_queue.broker.tasks import serve_batches
from rrm_queue.broker.transport import Waker
from rrm_queue.domain.queues import online_queue
from rrm_queue.judging.batch_runner import BatchRunner
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.engines.sglang.wire import Loads
from rrm_queue.judging.kinds import served_kind, worker_queue
from rrm_worker.engine_guard import EngineGuard
from rrm_worker.engine_process import STOP_SECONDS, EngineProcess
from rrm_worker.engine_window import EngineWindow
from rrm_worker.health import Health
from rrm_worker.metrics import Metrics
from rrm_worker.running_batch import Ending
from rrm_worker.served_model import Served, served_model
from rrm_worker.worker import RELEASE_SECONDS, Worker

log = logging.getLogger(__name__)

LEAST_BATCHES = 16
"""Batches that may be held at once; with a larger concurrency as many as that, because late rounds
and small workers lead to messages of a single match.
"""

LEAST_BATCHES_BY_LOAD = 256
"""The same of a worker whose window follows its engine's load."""

ANSWER_SECONDS = 4.0
"""How long the broker may take to answer: within a lease there is time to ask again."""

GRACE_SECONDS = 25.0
"""From SIGTERM to the end of everything: within the 30 s that Kubernetes gives."""


@dataclass(frozen=True, slots=True)
class Serving:
    """What a worker serves, and how.

    `judges` as `--judge` names them; `concurrency` is the votes in flight. `process` is the engine
    at `engines.sglang_url` where this worker runs it. With `by_load` the matches that are held for
    an engine follow its load, and `concurrency` is what they begin with.
    """

    judges: Sequence[str]
    concurrency: int
    engines: EngineSettings
    process: EngineProcess | None = None
    by_load: bool = False
    grace: float = GRACE_SECONDS
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None


def serve(broker_url: str, serving: Serving) -> int:
    """Judges batches until SIGTERM; the exit code.

    Raises BrokerUnavailable when no broker answers at the start, EngineFault when the engine ends
    before it was up, UsageFault when the metrics cannot be served.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until Celery takes over
    app = create_app(broker_url)
    client = redis_client(broker_url, timeout=ANSWER_SECONDS)
    broker = BrokerClient(lambda: app, client)
    broker.epoch()
    metrics = Metrics()
    if serving.metrics_port is not None:
        metrics.serve(serving.metrics_host, serving.metrics_port)
    capacities = _capacities(serving)
    ready = Event()
    waker = Waker()
    runner = BatchRunner(serving.engines, concurrency=serving.concurrency)
    metrics.requests_in_flight.set_function(lambda: runner.in_flight)
    worker = Worker(
        runner,
        WorkerLeases(client, process_name()),
        broker.send_outcomes,
        capacities,
        ready=ready,
        metrics=metrics,
        served=_served(serving),
        made_room=waker.made_room,
    )
    guard = _guard(serving, worker, ready, metrics, _following(serving, capacities, waker))
    try:
        guard.start() if guard else ready.set()
        serve_batches(app, worker.take)
        worker.start()
        code = consume(
            app,
            name="worker",
            queues=list(capacities),
            threads=max(_least_batches(serving), serving.concurrency),
            waiting=broker.waiting,
            stopping=lambda: _drain(worker, serving),
            room=worker.has_room,
            waker=waker,
        )
        worker.stop()
    finally:
        if guard:
            guard.stop()
    return code


def _capacities(serving: Serving) -> dict[str, int]:
    """How many matches to hold at once, by queue; each judge's is also that of its online jobs."""
    of_judges = {
        worker_queue(name): served_kind(name).capacity(serving.concurrency)
        for name in serving.judges
    }
    return {online_queue(queue): most for queue, most in of_judges.items()} | of_judges


def _least_batches(serving: Serving) -> int:
    return LEAST_BATCHES_BY_LOAD if serving.by_load else LEAST_BATCHES


def _following(
    serving: Serving, capacities: dict[str, int], waker: Waker
) -> Callable[[Loads], object]:
    """What makes the capacities follow the engine's load, where they should."""
    if not serving.by_load:
        return lambda _: None
    window = EngineWindow(serving.concurrency)

    def follow(loads: Loads) -> None:
        if window.look(loads):
            log.info("by the engine's load %s matches are held at once", window.size)
            capacities.update(dict.fromkeys(capacities, window.size))
            waker.made_room()

    return follow


def _served(serving: Serving) -> Callable[[], Served]:
    """What says what this worker judges with; nothing for judges that say it in their votes."""
    if not serving.engines.sglang_url:
        return Served
    return served_model(serving.engines.sglang_url, serving.judges[0])


def _guard(
    serving: Serving,
    worker: Worker,
    ready: Event,
    metrics: Metrics,
    told: Callable[[Loads], object],
) -> EngineGuard | None:
    """The guard of the engine that the judges need, if they need one."""
    if not serving.engines.sglang_url:
        return None
    return EngineGuard(
        Health(
            serving.engines.sglang_url,
            cpu_seconds=serving.process.cpu_seconds if serving.process else None,
            told=told,
        ),
        serving.process,
        up=ready,
        on_down=lambda: worker.release(Ending.BROKEN),
        metrics=metrics,
    )


def _drain(worker: Worker, serving: Serving) -> None:
    """Begins to drain during Celery's own shutdown, which waits for the held batches."""
    ending = RELEASE_SECONDS + (STOP_SECONDS if serving.process else 0.0)
    seconds = max(0.0, serving.grace - ending)
    Thread(target=worker.drain, args=[seconds], name="drain", daemon=True).start()
