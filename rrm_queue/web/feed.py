"""A job as a stream of server-sent events: its status at first, and after each change."""

import asyncio
import json
from collections.abc import AsyncIterator
from hashlib import sha256

from fastapi.sse import format_sse_event

from rrm_queue.actions.schemas import json_line, status_shape
from rrm_queue.errors import JobNotFound, StackFault, StoreUnavailable
from rrm_queue.views.jobs import JobView
from rrm_queue.web.serving import Serving

HEARTBEAT = 15.0
"""Seconds after which a stream without events sends a comment, so that nobody closes it."""

CALM = 0.2
"""Seconds that a stream waits after a change for further ones, so that it is not one a vote."""

RETRY = 2000
"""Milliseconds after which a browser connects again."""


class Seen:
    """A job's status as an event; its id is made of its content."""

    def __init__(self, view: JobView) -> None:
        self.ended = view.state.ended
        self.data = json_line(status_shape(view))
        self.id = sha256(self.data.encode()).hexdigest()[:16]

    def event(self) -> bytes:
        """`status` while the job goes on, `end` when it has ended."""
        name = "end" if self.ended else "status"
        return format_sse_event(data_str=self.data, event=name, id=self.id)


async def job_events(serving: Serving, first: JobView, last_id: str) -> AsyncIterator[bytes]:
    """The job's events until it has ended or is deleted, or the server stops.

    The first is its status now, so nothing is missed between two connections; it is left out when
    the caller has it already and says so by `last_id`.
    """
    seen = Seen(first)
    with serving.streams.place(), serving.changes.of(first.id) as changed:
        yield format_sse_event(retry=RETRY)
        if seen.id != last_id:
            yield seen.event()
        while not (seen.ended or serving.stopping.is_set()):
            if not await _comes(changed):
                yield format_sse_event(comment="still here")
                continue
            try:
                now = Seen(await serving.looks.view(first.id))
            except (StoreUnavailable, StackFault):
                # A change is told when it is back.
                yield format_sse_event(comment="the store does not answer")
                continue
            except JobNotFound as error:
                yield format_sse_event(data_str=json.dumps({"detail": str(error)}), event="gone")
                return
            if now.id != seen.id:
                yield now.event()
            seen = now


async def _comes(changed: asyncio.Event) -> bool:
    """Whether a change comes before it is time for a heartbeat; waits for further ones."""
    try:
        async with asyncio.timeout(HEARTBEAT):
            await changed.wait()
    except TimeoutError:
        return False
    await asyncio.sleep(CALM)
    changed.clear()
    return True
