"""How a page is sent: whole, as a stream of its changes, or once when it has changed."""

from collections.abc import AsyncIterator
from urllib.parse import urlencode

from fastapi import Request
from fastapi.sse import format_sse_event
from starlette.responses import HTMLResponse, Response, StreamingResponse

from rrm_queue.web.access import Right
from rrm_queue.web.live import Page
from rrm_queue.web.pages.control import TOLD, told
from rrm_queue.web.pages.templates import HEADERS, whole_page
from rrm_queue.web.routes.events import MEDIA_TYPE
from rrm_queue.web.serving import Serving

SEEN = "X-Seen"
"""The header of a browser to which no stream comes through: the revision that it has."""

HOLD = 25.0
"""Seconds for which such a request is held until the page changes."""

HEARTBEAT = 15.0
"""Seconds after which a stream without events sends a comment, so that nobody closes it."""

RETRY = 2000
"""Milliseconds after which a browser connects again."""


def right_of(request: Request) -> Right:
    """What the reader may do, as the gate found out."""
    found = request.scope["state"]["right"]
    assert isinstance(found, Right)  # noqa: S101  # the gate puts it there
    return found


async def respond(
    served: Serving, request: Request, page: Page, title: str, current: str, *, live: bool = True
) -> Response:
    """The page as the browser asks for it; without `live` it stays as it is."""
    if MEDIA_TYPE in request.headers.get("accept", ""):
        served.streams.check()
        headers = HEADERS | {"X-Accel-Buffering": "no"}
        seen = request.query_params.get("seen", "")
        return StreamingResponse(
            _stream(served, page, seen), headers=headers, media_type=MEDIA_TYPE
        )
    if held := request.headers.get(SEEN):
        return await _changed(served, page, held)
    rendered = await served.live.now(page)
    asked = [(name, word) for name, word in request.query_params.multi_items() if name not in TOLD]
    html = whole_page(
        rendered.html,
        title,
        right=right_of(request),
        current=current,
        path=request.url.path + (f"?{urlencode(asked)}" if asked else "") if live else "",
        told=told(request),
    )
    return HTMLResponse(html, headers=HEADERS)


async def _stream(served: Serving, page: Page, seen: str) -> AsyncIterator[bytes]:
    """The page's revisions as server-sent events; the first event only says that they come."""
    with served.streams.place():
        yield format_sse_event(event="hello", data_str=seen or "-", retry=RETRY)
        async with served.live.reading(page) as reader:
            while not served.stopping.is_set():
                if (rendered := await reader.after(seen, HEARTBEAT)) is None:
                    yield format_sse_event(comment="still here")
                    continue
                seen = rendered.revision
                yield format_sse_event(event="page", data_str=rendered.html, id=seen)


async def _changed(served: Serving, page: Page, seen: str) -> Response:
    """The page's content as soon as it is another revision; 204 where it stays the same."""
    async with served.live.reading(page) as reader:
        rendered = await reader.after(seen, HOLD)
    if rendered is None:
        return Response(status_code=204, headers=HEADERS)
    return HTMLResponse(rendered.html, headers=HEADERS | {SEEN: rendered.revision})
