"""Whether store and broker answer, looked at once a second however many ask."""

import asyncio
import time

from rrm_queue.actions.app import App
from rrm_queue.actions.pulse import Answers, look

FRESH = 1.0
"""Seconds for which an answer is given again."""


class Pulse:
    """The last look; whoever asks while one is under way waits for it."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._lock = asyncio.Lock()
        self._until = 0.0
        self._seen = Answers(False, False)

    async def look(self) -> Answers:
        """Which of both servers answers."""
        async with self._lock:
            if time.monotonic() >= self._until:
                self._seen = await asyncio.to_thread(look, self._app)
                self._until = time.monotonic() + FRESH
            return self._seen
