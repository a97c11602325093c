"""The processes that compare answers. A comparison that ends its process costs only itself."""

import asyncio
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from time import monotonic
from typing import TypeVar

from rrm_queue.errors import TransientFault

Result = TypeVar("Result")


class TookTooLong(Exception):
    """A call was ended by its process's watchdog, also when it had the process to itself."""


class ComparingPool:
    """Runs functions in `processes` children, which start with the first call.

    Each call limits itself to `seconds`, then ends its process. The death of a child breaks the
    pool and every call in it. Each of these calls is then made again with a process to itself, so
    that the one at fault is found and the others get their results.
    """

    def __init__(
        self, processes: int, *, seconds: float, prepare: Callable[[], None], preload: list[str]
    ) -> None:
        self._processes, self._seconds, self._prepare = processes, seconds, prepare
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(preload)
        self._shared: ProcessPoolExecutor | None = None
        self._alone = asyncio.Lock()

    async def run(self, function: Callable[..., Result], *arguments: object) -> Result:
        """The function's result.

        Raises TookTooLong for a call that never ends, TransientFault when its process was killed.
        """
        pool = self._shared = self._shared or self._start(self._processes)
        try:
            return await asyncio.wrap_future(pool.submit(function, *arguments))
        except BrokenProcessPool:
            if self._shared is pool:
                self._shared = None
        async with self._alone:
            return await self._run_alone(function, *arguments)

    async def close(self) -> None:
        """Ends the processes, once their present work is done."""
        if self._shared is not None:
            await asyncio.to_thread(self._shared.shutdown, cancel_futures=True)
            self._shared = None

    async def _run_alone(self, function: Callable[..., Result], *arguments: object) -> Result:
        pool, began = self._start(1), monotonic()
        try:
            return await asyncio.wrap_future(pool.submit(function, *arguments))
        except BrokenProcessPool as error:
            if monotonic() - began >= self._seconds:
                raise TookTooLong from error
            raise TransientFault("a process that compares answers died") from error
        finally:
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)

    def _start(self, processes: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(processes, mp_context=self._context, initializer=self._prepare)
