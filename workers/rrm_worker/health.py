"""Whether an engine lives, judged by its progress: a hung one has been seen to call itself well."""

import asyncio
from time import monotonic
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

POLL_SECONDS = 2.0
START_POLL_SECONDS = 0.5

STALLED_SECONDS = 120.0
"""No progress for so long means hung: kernels that are compiled on first use take a minute."""

_NO_SUCH_PAGE = 404


class _Load(msgspec.Struct, frozen=True):
    """What a scheduler of the engine has to do; it changes with every few tokens decoded."""

    num_running_reqs: int
    num_waiting_reqs: int
    num_used_tokens: int
    gen_throughput: float


class _Loads(msgspec.Struct, frozen=True):
    loads: list[_Load]

    @property
    def busy(self) -> bool:
        return any(load.num_running_reqs or load.num_waiting_reqs for load in self.loads)


_loads = msgspec.json.Decoder(_Loads)


class Health:
    """Asks the engine at `url`; belongs to one event loop and is entered before it is used."""

    def __init__(self, url: str, *, stalled_seconds: float = STALLED_SECONDS) -> None:
        self._url = url.rstrip("/")
        self._stalled_seconds = stalled_seconds
        self._seen: _Loads | None = None

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

    async def until_down(self) -> str:
        """Why the engine is down, once it refuses connections or makes no progress."""
        moved = monotonic()
        while monotonic() - moved < self._stalled_seconds:
            await asyncio.sleep(POLL_SECONDS)
            asked = monotonic()
            try:
                if await self._progresses():
                    moved = asked
            except aiohttp.ClientConnectorError:
                return f"{self._url} refuses connections"
            except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError):
                continue
        return f"no progress for {self._stalled_seconds:.0f} s"

    async def _progresses(self) -> bool:
        """Whether what it has to do has changed; one that has nothing to do is probed."""
        async with self._session.get(f"{self._url}/v1/loads") as response:
            if response.status == _NO_SUCH_PAGE:  # a router, or another version
                return await self._probe()
            response.raise_for_status()
            loads = _loads.decode(await response.read())
        moved, self._seen = loads != self._seen, loads
        return moved or (not loads.busy and await self._probe())

    async def _probe(self) -> bool:
        try:
            async with self._session.get(f"{self._url}/health") as response:
                return response.ok
        except (aiohttp.ClientError, TimeoutError):
            return False
