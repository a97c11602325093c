"""A job's progress as it happens."""

from typing import Annotated

from fastapi import APIRouter, Header
from starlette.responses import Response, StreamingResponse

from rrm_queue.actions import jobs
from rrm_queue.web.feed import Seen, job_events
from rrm_queue.web.routes.parameters import Job
from rrm_queue.web.serving import Served

router = APIRouter(tags=["jobs"])

MEDIA_TYPE = "text/event-stream"


@router.get(
    "/jobs/{job}/events",
    summary="Follow a job by server-sent events",
    response_class=StreamingResponse,
    responses={
        200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}},
        204: {"description": "The job has ended, and the caller has its last event."},
    },
)
async def events(
    served: Served, job: Job, last_event_id: Annotated[str, Header()] = ""
) -> Response:
    """`status` now and after each change, `end` when the job has ended, `gone` when it is deleted.

    The data is what `rrmq status --json` prints, without `problem`. A comment comes every 15
    seconds. When the server stops, the stream ends: connect again with `Last-Event-ID`.
    """
    view = (await served.call(jobs.status, served.app, job)).view
    seen = Seen(view)
    if seen.ended and seen.id == last_event_id:
        return Response(status_code=204)
    served.streams.check()
    return StreamingResponse(job_events(served, view, last_event_id), media_type=MEDIA_TYPE)
