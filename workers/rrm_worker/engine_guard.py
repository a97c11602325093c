"""The guard: keeps an engine running, and tells when it is down."""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from threading import Event, Thread
from time import monotonic
from typing import Any, TypeVar

from rrm_queue.errors import EngineFault
from rrm_worker.engine_process import EngineProcess
from rrm_worker.health import Health
from rrm_worker.metrics import Metrics

log = logging.getLogger(__name__)

One = TypeVar("One")
Two = TypeVar("Two")

STEADY_SECONDS = 60.0
"""An engine that was up for this long is restarted without a wait when it dies."""

LONGEST_WAIT = 60.0
"""Seconds; the longest wait between an engine's end and the next start."""


class EngineGuard:
    """Watches the engine through `health`, and restarts `process` if there is one.

    `up` is set while the engine can take requests; `on_down` is called when it goes down. The guard
    has a thread and an event loop of its own: busy judging delays no restart, and the engine ends
    with that thread (see `die_with_parent`).
    """

    def __init__(
        self,
        health: Health,
        process: EngineProcess | None,
        *,
        up: Event,
        on_down: Callable[[], None],
        metrics: Metrics,
    ) -> None:
        self._up = up
        self._health = health
        self._process = process
        self._on_down = on_down
        self._metrics = metrics
        self._first: Future[None] = Future()
        self._loop = asyncio.new_event_loop()
        self._guarding: asyncio.Task[None] = self._loop.create_task(self._guard())
        self._thread = Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Returns when the engine is up; raises EngineFault when `process` ends before that."""
        self._thread.start()
        self._first.result()

    def stop(self) -> None:
        """Ends the watch, and `process` if there is one."""
        with suppress(RuntimeError):  # the loop has ended already
            self._loop.call_soon_threadsafe(self._guarding.cancel)
        self._thread.join()

    def _run(self) -> None:
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._guarding)
        self._loop.close()

    async def _guard(self) -> None:
        try:
            async with self._health:
                await self._start()
                self._first.set_result(None)
                await self._keep_up()
        except Exception as error:
            if self._first.done():
                log.exception("the watch over the engine ended")
            else:
                self._first.set_exception(error)
        finally:
            self._show(up=False)
            if self._process is not None:
                await self._process.stop()

    async def _keep_up(self) -> None:
        failures = 0
        while True:
            began = monotonic()
            self._show(up=True)
            why = await self._watch()
            self._show(up=False)
            log.error("the engine is down: %s", why)
            self._on_down()
            failures = 0 if monotonic() - began > STEADY_SECONDS else failures + 1
            failures = await self._restart(failures)

    async def _restart(self, failures: int) -> int:
        """Restarts the engine until it is up; how often it has failed in a row by then."""
        while True:
            await asyncio.sleep(_wait(failures))
            if self._process is not None:
                await self._process.stop()
                self._metrics.engine_restarts.inc()
            try:
                await self._start()
            except EngineFault as fault:
                log.error("%s", fault)
                failures += 1
            else:
                log.info("the engine is up again")
                return failures

    async def _start(self) -> None:
        if self._process is None:
            await self._health.until_up()
            return
        await self._process.start()
        ended = await _first_of(self._process.died(), self._health.until_up())
        if ended is not None:
            raise EngineFault(ended)

    async def _watch(self) -> str:
        """Why the engine is down, once it is."""
        if self._process is None:
            return await self._health.until_down()
        return await _first_of(self._process.died(), self._health.until_down())

    def _show(self, *, up: bool) -> None:
        self._metrics.engine_up.set(up)
        if up:
            self._up.set()
        else:
            self._up.clear()


def _wait(failures: int) -> float:
    """Seconds before the next start: exponential, with jitter, at most LONGEST_WAIT."""
    if not failures:
        return 0.0
    return random.uniform(0.5, 1) * min(2.0**failures, LONGEST_WAIT)  # noqa: S311  # jitter


async def _first_of(one: Coroutine[Any, Any, One], two: Coroutine[Any, Any, Two]) -> One | Two:
    """What the first of two says; the other is cancelled."""
    tasks: list[asyncio.Task[One | Two]] = [asyncio.create_task(one), asyncio.create_task(two)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for task in tasks:
            task.cancel()
