"""The worker: holds batches under leases and judges them all on one event loop."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from threading import Event, Lock, Thread

from redis.exceptions import RedisError

from rrm_queue.broker.leases import RENEW_SECONDS, Held, WorkerLeases
from rrm_queue.domain import BatchId, JobId
from rrm_queue.errors import MessageRefused
from rrm_queue.judging.panel import Panel
from rrm_queue.messages import JudgeBatch, Outcomes, decode
from rrm_worker.outbox import Outbox

log = logging.getLogger(__name__)


class Worker:
    """Judges batches with `panel` and sends their outcomes with `send`.

    `capacities` says for each queue how many matches this worker can hold at once. `take` is
    called by the queue's threads, as many at once as batches may be held.
    """

    def __init__(
        self,
        panel: Panel,
        leases: WorkerLeases,
        send: Callable[[Outcomes], None],
        capacities: Mapping[str, int],
    ) -> None:
        self._panel = panel
        self._leases = leases
        self._send = send
        self._capacities = capacities
        self._held: dict[Held, Future[None]] = {}
        self._lock = Lock()
        self._stopping = Event()
        self._loop = asyncio.new_event_loop()
        self._threads = [
            Thread(target=self._loop.run_forever, name="judging", daemon=True),
            Thread(target=self._show_life, name="leases", daemon=True),
        ]

    def start(self) -> None:
        """Stands on the roll of the queues and is ready for batches."""
        self._leases.enlist(self._capacities)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Leaves the roll and ends the engines; no batch may be held any more."""
        self._stopping.set()
        asyncio.run_coroutine_threadsafe(self._panel.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        for thread in self._threads:
            thread.join()
        try:
            self._leases.retire(self._capacities)
        except RedisError as error:
            log.warning("left without leaving the roll: %s", error)

    def take(self, body: bytes) -> None:
        """Judges one batch to its end, unless another worker holds it or it is over."""
        try:
            batch = decode(body, JudgeBatch)
        except MessageRefused as error:
            log.error("batch refused: %s", error)
            return
        if not self._leases.take(batch.job, batch.batch):
            log.info("batch %s is another's or over", batch.batch)
            return
        held = (JobId(batch.job), BatchId(batch.batch))
        with self._lock:
            judging = asyncio.run_coroutine_threadsafe(self._judge(batch), self._loop)
            self._held[held] = judging
        try:
            judging.result()
        except CancelledError:
            log.info("batch %s stopped: its job was cancelled", batch.batch)
        finally:
            with self._lock:
                del self._held[held]
            self._leases.finish(batch.job, batch.batch)

    async def _judge(self, batch: JudgeBatch) -> None:
        outbox = Outbox(batch, self._leases.worker, self._send)
        try:
            await self._panel.judge(batch, outbox.add)
        finally:
            await outbox.drain()

    def _show_life(self) -> None:
        while not self._stopping.wait(RENEW_SECONDS):
            with self._lock:
                held = dict(self._held)
            try:
                self._leases.renew(held)
                self._leases.enlist(self._capacities)
                cancelled = self._leases.cancelled(job for job, _ in held)
            except RedisError as error:
                log.warning("the leases could not be renewed: %s", error)
                continue
            for (job, _), judging in held.items():
                if job in cancelled:
                    judging.cancel()
