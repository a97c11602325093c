"""Whether an engine works, judged by its progress: hung engines have reported good health."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

from rrm_queue.judging.engines.sglang.wire import Loads

POLL_SECONDS = 2.0
START_POLL_SECONDS = 0.5

STALLED_SECONDS = 120.0
"""After so long without progress an engine that does not compute is hung."""

SLOW_SECONDS = 1200.0
"""The same for an engine that computes, or of which this is not known: it may only be slow.

Not for ever, as an engine that hangs in a busy loop computes too.
"""

_COMPUTES = 0.1
"""CPU seconds after which an engine counts as computing, also when it needs many polls for them:
on a machine that is short of processors it gets few at a time.
"""

_ANSWERING = 0.005
"""CPU seconds that are taken off for each poll, as an engine needs some to answer it."""

_NO_SUCH_PAGE = 404

_loads = msgspec.json.Decoder(Loads)


class Health:
    """Asks the engine at `url`. It belongs to one event loop, and is entered before use.

    `cpu_seconds` tells what the engine's processes have computed so far, where they are this
    machine's. `told` is called with each load that the engine tells.
    """

    def __init__(
        self,
        url: str,
        *,
        stalled_seconds: float = STALLED_SECONDS,
        slow_seconds: float = SLOW_SECONDS,
        cpu_seconds: Callable[[], float] | None = None,
        told: Callable[[Loads], object] = lambda _: None,
    ) -> None:
        self._url = url.rstrip("/")
        self._stalled_seconds = stalled_seconds
        self._slow_seconds = slow_seconds
        self._cpu_seconds = cpu_seconds
        self._told = told
        self._idle_at = 0.0
        self._seen: Loads | None = None
        self.waiting: int | None = None
        """Requests in the engine's own queue when it was found hung; None where not known."""

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def until_up(self) -> None:
        """Returns when the engine answers a probe of its own."""
        while not await self._probe():
            await asyncio.sleep(START_POLL_SECONDS)
        with suppress(aiohttp.ClientError, TimeoutError, msgspec.DecodeError):
            await self._loads()

    async def until_down(self) -> str:
        """Why the engine is down, once it refuses connections or makes no progress."""
        moved = worked = monotonic()
        self.waiting = None
        while True:
            silent, idle = monotonic() - moved, monotonic() - worked
            if silent >= self._slow_seconds or min(silent, idle) >= self._stalled_seconds:
                return f"no progress for {silent:.0f} s"
            self.waiting = None
            await asyncio.sleep(POLL_SECONDS)
            asked = monotonic()
            if self._computes():
                worked = asked
            try:
                if await self._progresses():
                    moved = asked
                elif self._seen is not None:
                    self.waiting = self._seen.waiting
            except aiohttp.ClientConnectorError:
                return f"{self._url} refuses connections"
            except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError):
                continue

    def _computes(self) -> bool:
        """Whether the engine has computed since the last look; True where this is not known."""
        if self._cpu_seconds is None:
            return True
        used = self._cpu_seconds()
        self._idle_at = min(self._idle_at + _ANSWERING, used)
        computes = used - self._idle_at >= _COMPUTES
        if computes:
            self._idle_at = used
        return computes

    async def _progresses(self) -> bool:
        """Whether its load has changed; an engine without load is probed."""
        loads = await self._loads()
        if loads is None:
            return await self._probe()
        moved, self._seen = loads != self._seen, loads
        return moved or (not (loads.running or loads.waiting) and await self._probe())

    async def _loads(self) -> Loads | None:
        """The engine's load; None of a router or another version, which has no such page."""
        async with self._session.get(f"{self._url}/v1/loads?include=core") as response:
            if response.status == _NO_SUCH_PAGE:
                return None
            response.raise_for_status()
            loads = _loads.decode(await response.read())
        self._told(loads)
        return loads

    async def _probe(self) -> bool:
        try:
            async with self._session.get(f"{self._url}/health") as response:
                return response.ok
        except (aiohttp.ClientError, TimeoutError):
            return False
