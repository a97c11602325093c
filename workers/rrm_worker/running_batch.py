"""A batch that a worker runs: judged on the event loop, stopped from any thread."""

import asyncio
import logging
from collections.abc import Callable, Set
from concurrent.futures import CancelledError, Future
from enum import StrEnum

from msgspec import structs

from rrm_queue.judging.batch_runner import BatchRunner
from rrm_queue.log_once import tell
from rrm_queue.messages import Failure, JudgeBatch, MatchReport
from rrm_worker.outbox import BatchOutbox

log = logging.getLogger(__name__)


class Ending(StrEnum):
    """How a batch ended at a worker."""

    JUDGED = "judged"
    STOPPED = "returned: its job is paused or cancelled"
    RETURNED = "returned: the worker stops"
    BROKEN = "returned: the engine is down"
    LOST = "stopped: it is over, or another worker has it"


WAITED = Failure("returned: it waited while the engine went down", transient=True, wait=1.0)
"""Why a match goes back that the engine did not compute: with a wait it is no attempt."""


class RunningBatch:
    """One batch, from its lease to its ending.

    All but the first `kept` matches are returned at once: there is no room for them.
    """

    def __init__(
        self,
        batch: JudgeBatch,
        loop: asyncio.AbstractEventLoop,
        outbox: BatchOutbox,
        count: Callable[[JudgeBatch, MatchReport], None],
        kept: int | None = None,
    ) -> None:
        self.batch = batch
        self._kept = len(batch.matches) if kept is None else kept
        self._open = {match.match for match in batch.matches}
        self._loop = loop
        self._outbox = outbox
        self._count = count
        self._ending = Ending.JUDGED
        self._computed: Set[int] = frozenset()
        self._judging: asyncio.Task[None] | None = None
        self._running: Future[None] | None = None

    @property
    def undecided(self) -> int:
        """How many matches are not reported yet."""
        return len(self._open)

    def start(self, runner: BatchRunner) -> None:
        """Begins to judge the batch."""
        self._running = asyncio.run_coroutine_threadsafe(self._run(runner), self._loop)

    def ended(self) -> Ending:
        """How the batch ended, once all that was decided is sent (or abandoned)."""
        try:
            if self._running is not None:
                self._running.result()
        except CancelledError:
            log.error("batch %s: outcomes could not be sent in time", self.batch.batch)
        except Exception:
            log.exception("batch %s cannot be judged", self.batch.batch)
        return self._ending

    def stop(self, ending: Ending, computed: Set[int] = frozenset()) -> None:
        """Stops the judging; finished votes are still sent. A batch that ended stays as it is.

        `computed`: the matches that may have broken the engine, for an ending that is BROKEN.
        """
        self._loop.call_soon_threadsafe(self._stop, ending, computed)

    def abandon(self) -> None:
        """Stops sending as well: `ended` returns at once."""
        if self._running is not None:
            self._running.cancel()

    async def _run(self, runner: BatchRunner) -> None:
        kept, returned = self.batch.matches[: self._kept], self.batch.matches[self._kept :]
        judged = structs.replace(self.batch, matches=kept)
        self._judging = asyncio.create_task(runner.judge(judged, self._report))
        for one in returned:
            self._open.discard(one.match)
            self._outbox.add(MatchReport(one.match, []))
        if self._ending is not Ending.JUDGED:
            self._judging.cancel()
        await asyncio.wait({self._judging})
        if self._ending is Ending.BROKEN:
            for match in sorted(self._open - self._computed):
                await self._report(MatchReport(match, []))
        await self._outbox.drain()
        if not self._judging.cancelled():
            self._judging.result()

    async def _report(self, report: MatchReport) -> None:
        if self._ending is Ending.BROKEN and report.failure is None:
            # A match that it computed may have broken it, so that counts as an attempt.
            broken = Failure(Ending.BROKEN, transient=True)
            failure = broken if report.match in self._computed else WAITED
            report = structs.replace(report, failure=failure)
        self._open.discard(report.match)
        self._outbox.add(report)
        tell(self._count, self.batch, report)

    def _stop(self, ending: Ending, computed: Set[int]) -> None:
        if self._ending is not Ending.JUDGED or (self._judging and self._judging.done()):
            return
        self._ending, self._computed = ending, computed
        if self._judging is not None:
            self._judging.cancel()
