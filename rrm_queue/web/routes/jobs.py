"""Jobs: the list, and how far one is."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from rrm_queue.actions import jobs
from rrm_queue.actions.schemas import StatusShape, problem_shape, status_shape
from rrm_queue.domain import JobState
from rrm_queue.web.responses import json_response, lines_response, write_all
from rrm_queue.web.routes.parameters import Job, json_lines
from rrm_queue.web.serving import Served

router = APIRouter(tags=["jobs"])


@router.get("/jobs", summary="List the jobs, the newest first", responses=json_lines(StatusShape))
async def list_jobs(
    served: Served,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many.")] = 20,
    state: Annotated[list[JobState] | None, Query(description="Only jobs in this state.")] = None,
    before: Annotated[
        str | None, Query(description="The id of a job: the list goes on after it.")
    ] = None,
) -> Response:
    """One object a line, as `rrmq list --json` prints it.

    While there may be more, the header `Link` has the address of the next page (`rel="next"`).
    """
    found = await served.call(jobs.list_jobs, served.app, limit, state or (), before)
    headers = {}
    if len(found) == limit:
        states = "".join(f"&state={one}" for one in state or ())
        headers["Link"] = f'</v1/jobs?limit={limit}{states}&before={found[-1].id}>; rel="next"'
    return lines_response(write_all(map(status_shape, found)), headers)


@router.get("/jobs/{job}", summary="Show how far a job is", response_model=StatusShape)
async def status(served: Served, job: Job) -> Response:
    """The job's progress, as `rrmq status --json` prints it."""
    return json_response(problem_shape(*await served.call(jobs.status, served.app, job)))
