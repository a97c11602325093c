"""Open jobs: they take answers until they are closed."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from rrm_queue.actions.judges import served_files
from rrm_queue.actions.open_jobs import append, close_job, open_job
from rrm_queue.actions.request import request_of
from rrm_queue.actions.schemas import StatusShape, status_shape
from rrm_queue.web.fields import SubmitFields, submit_options
from rrm_queue.web.responses import json_response
from rrm_queue.web.routes.descriptions import SUBMISSION
from rrm_queue.web.routes.parameters import Job
from rrm_queue.web.serving import Served
from rrm_queue.web.uploads import received

router = APIRouter(tags=["jobs"])


@router.post("/jobs/open", summary="Open a job that takes answers until it is closed")
async def create_open_job(served: Served, options: Annotated[SubmitFields, Query()]) -> Response:
    """Options are parameters of the query. Answers as `rrmq open --json` prints it.

    201 for a new job, 200 for the job that is open under this name and with these options.
    """
    given = submit_options(options, {}, {})
    settings = served.app.settings
    request = request_of(given, settings.openai_base_url, served_files(settings.home))
    opened = await served.call(open_job, served.app, request)
    headers = {"Location": f"/v1/jobs/{opened.job}"}
    return json_response(opened._asdict(), 201 if opened.new else 200, headers)


@router.post(
    "/jobs/{job}/tournaments",
    summary="Add the answers of a file to an open job",
    openapi_extra={"requestBody": SUBMISSION},
)
async def add_tournaments(served: Served, request: Request, job: Job) -> Response:
    """The body is a file as `rrmq submit` reads it. The same id with the same content joins.

    Another content under an id, or a bad line, is a problem that names the line; nothing of the
    file is stored then. Answers as `rrmq submit --into JOB --json` prints it.
    """
    async with received(request, None) as upload:
        appended, _ = await served.call_heavy(append, served.app, job, upload.sources)
    return json_response(asdict(appended))


@router.post("/jobs/{job}/close", summary="Let an open job end", response_model=StatusShape)
async def close(served: Served, job: Job) -> Response:
    """It takes no more answers, and ends when the last is judged. Answers with its status."""
    changed = await served.call(close_job, served.app, job)
    return json_response(status_shape(changed.view))
