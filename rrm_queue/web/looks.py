"""Looks at jobs that many streams share: one query for all who saw the same change."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from rrm_queue.domain import JobId
from rrm_queue.views.jobs import JobView


@dataclass
class _Look:
    """The last look at a job; `asked` counts who waits for one."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    began: float = 0.0
    view: JobView | None = None
    asked: int = 0


class Looks:
    """Looks at jobs, each shared by all who ask before it begins."""

    def __init__(self, look: Callable[[JobId], Awaitable[JobView]]) -> None:
        self._look = look
        self._looks: defaultdict[JobId, _Look] = defaultdict(_Look)

    async def view(self, job: JobId) -> JobView:
        """The job as it was at this moment or later. Raises what the look raises."""
        asked, shared = time.monotonic(), self._looks[job]
        shared.asked += 1
        try:
            async with shared.lock:
                if shared.view is None or shared.began < asked:
                    shared.began = time.monotonic()
                    shared.view = await self._look(job)
                return shared.view
        finally:
            shared.asked -= 1
            if not shared.asked:
                self._looks.pop(job, None)
