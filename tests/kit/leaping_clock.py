"""An event loop with a clock of its own, for tests whose client and server both run on it."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

_ON_ITS_WAY = 0.001
"""Seconds for what one socket of this process has sent to arrive at the other."""


class _Selector(selectors.DefaultSelector):
    """Counts the seconds that the loop would have waited for nothing."""

    leapt = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        found = super().select(_ON_ITS_WAY)
        if not found:
            self.leapt += timeout
        return found


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._leaping = _Selector()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.leapt


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Runs `main` on a loop whose clock leaps to the next timer as soon as nothing is to do.

    What is computed takes no time on that clock, so a slow machine changes nothing of what happens
    when. Nothing outside of the loop may be waited for: no thread and no other process.
    """
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main)
