"""The body of a request, within its bounds: bytes, bytes in memory, and seconds."""

import asyncio
import re
from types import TracebackType
from typing import TYPE_CHECKING, Self

from starlette.types import Message, Receive, Scope

from rrm_queue.errors import Overloaded
from rrm_queue.web.problems import Refused

if TYPE_CHECKING:
    from rrm_queue.web.serving import Serving

UPLOADS = re.compile(r"/submit|/v1/jobs(/[^/]+/tournaments)?")
"""The paths of `POST` whose bodies go to the disk and not into memory."""

FORM = "multipart/form-data"
"""The type of a body that is a form of files and texts."""

SENT_FORM = "application/x-www-form-urlencoded"
"""The type of a form without files, as a browser sends it."""

SILENCE = 30.0
"""Seconds for which a caller may send nothing of its body."""

SLOWEST = 1000
"""Bytes a second that a caller must send of its body on average, after the first `SILENCE`."""


def is_upload(scope: Scope) -> bool:
    """Whether the request's body goes to the disk."""
    return scope["method"] == "POST" and UPLOADS.fullmatch(scope["path"]) is not None


def body_limit(scope: Scope, serving: "Serving") -> int:
    """The most bytes of the request's body."""
    settings = serving.app.settings
    return settings.max_input if is_upload(scope) else settings.api_max_body


class Body:
    """Passes on a request's body while it keeps the bounds, and otherwise raises Refused.

    What it holds of the server's memory is given back when the context ends.
    """

    def __init__(self, scope: Scope, receive: Receive, serving: "Serving") -> None:
        self._receive = receive
        self._room = None if is_upload(scope) else serving.held
        self._limit = body_limit(scope, serving)
        self._size = self._taken = 0
        self._whole = False
        self._began: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._room is not None:
            self._room.leave(self._taken)

    async def receive(self) -> Message:
        """The next part of the body; after its end, that the caller has gone."""
        if self._whole:
            return await self._receive()
        now = asyncio.get_running_loop().time()
        self._began = now if self._began is None else self._began
        try:
            async with asyncio.timeout(SILENCE):
                message = await self._receive()
        except TimeoutError:
            raise Refused(408, f"nothing of the body came for {SILENCE:g} s") from None
        self._whole = not message.get("more_body", False)
        self._count(len(message.get("body", b"")), now - self._began)
        return message

    def _count(self, size: int, seconds: float) -> None:
        self._size += size
        if self._size > self._limit:
            raise Refused(413, f"the request may have {self._limit:,} bytes")
        if seconds > SILENCE and self._size < SLOWEST * seconds:
            raise Refused(408, f"the body came slower than {SLOWEST:,} bytes a second")
        if self._room is not None:
            try:
                self._room.take(size)
            except Overloaded as overloaded:  # as one that FastAPI passes on from inside a body
                raise Refused(
                    503, str(overloaded), Retry_After=str(overloaded.retry_after)
                ) from None
            self._taken += size
