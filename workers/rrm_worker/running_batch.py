"""A batch that a worker runs: judged on the event loop, stopped from any thread."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from enum import StrEnum

from msgspec import structs

from rrm_queue.judging.batch_runner import BatchRunner
from rrm_queue.log_once import tell
from rrm_queue.messages import Failure, JudgeBatch, MatchReport
from rrm_worker.outbox import Outbox

log = logging.getLogger(__name__)


class Ending(StrEnum):
    """How a batch ended at a worker."""

    JUDGED = "judged"
    STOPPED = "returned: its job is paused or cancelled"
    RETURNED = "returned: the worker stops"
    BROKEN = "returned: the engine is down"
    LOST = "stopped: it is over, or another worker has it"


class RunningBatch:
    """One batch, from its lease to its ending."""

    def __init__(
        self,
        batch: JudgeBatch,
        loop: asyncio.AbstractEventLoop,
        outbox: Outbox,
        count: Callable[[MatchReport], None],
    ) -> None:
        self.batch = batch
        self.undecided = len(batch.matches)
        self._loop = loop
        self._outbox = outbox
        self._count = count
        self._ending = Ending.JUDGED
        self._judging: asyncio.Task[None] | None = None
        self._running: Future[None] | None = None

    def run(self, runner: BatchRunner) -> Ending:
        """Judges the batch; how it ended, once all that was decided is sent (or abandoned)."""
        self._running = asyncio.run_coroutine_threadsafe(self._run(runner), self._loop)
        try:
            self._running.result()
        except CancelledError:
            log.error("batch %s: outcomes could not be sent in time", self.batch.batch)
        except Exception:
            log.exception("batch %s cannot be judged", self.batch.batch)
        return self._ending

    def stop(self, ending: Ending) -> None:
        """Stops the judging; finished votes are still sent. A batch that ended stays as it is."""
        self._loop.call_soon_threadsafe(self._stop, ending)

    def abandon(self) -> None:
        """Stops sending as well: `run` returns at once."""
        if self._running is not None:
            self._running.cancel()

    async def _run(self, runner: BatchRunner) -> None:
        self._judging = asyncio.create_task(runner.judge(self.batch, self._report))
        if self._ending is not Ending.JUDGED:
            self._judging.cancel()
        await asyncio.wait({self._judging})
        await self._outbox.drain()
        if not self._judging.cancelled():
            self._judging.result()

    async def _report(self, report: MatchReport) -> None:
        if self._ending is Ending.BROKEN and report.failure is None:
            # An undecided match may have broken the engine: that counts as an attempt.
            report = structs.replace(report, failure=Failure(Ending.BROKEN, transient=True))
        self.undecided -= 1
        await self._outbox.add(report)
        tell(self._count, report)

    def _stop(self, ending: Ending) -> None:
        if self._ending is not Ending.JUDGED or (self._judging and self._judging.done()):
            return
        self._ending = ending
        if self._judging is not None:
            self._judging.cancel()
