"""A request that is held until something is there: no longer than its caller waits."""

import asyncio
from concurrent.futures import Future
from typing import TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from rrm_queue.errors import Overloaded
from rrm_queue.web.serving import Serving

T = TypeVar("T")

LATER = 2
"""Seconds after which a caller may repeat its request to a server that is stopping."""


async def held(served: Serving, request: Request, future: Future[T], seconds: float) -> T:
    """What the future brings within so many seconds. Raises TimeoutError after them.

    Raises ClientDisconnect when the caller goes away, and Overloaded when the server stops: a
    repeated request finds what this one has begun.
    """
    result = asyncio.ensure_future(asyncio.wrap_future(future))
    gone = asyncio.ensure_future(_gone(request))
    stopped = asyncio.ensure_future(served.stopping.wait())
    try:
        await asyncio.wait(
            (result, gone, stopped), timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        if result.done():
            return result.result()
        if gone.done():
            raise ClientDisconnect
        if stopped.done():
            raise Overloaded("the server is stopping; ask again", retry_after=LATER)
        raise TimeoutError
    finally:
        for waiting in (result, gone, stopped):
            waiting.cancel()


async def _gone(request: Request) -> None:
    """Returns when the caller has closed its connection; the body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
