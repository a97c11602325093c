"""Jobs: the list, and how far one is."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.responses import Response

from rrm_queue.actions import jobs
from rrm_queue.actions.health import held_up
from rrm_queue.actions.schemas import ProblemShape, StatusShape, problem_shape, status_shape
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
    ephemeral: Annotated[
        bool, Query(description="Also the jobs that were made by requests for rewards.")
    ] = False,
    search: Annotated[
        str | None,
        Query(description="Only jobs with this text in id, name, file, strategy or judge."),
    ] = None,
) -> Response:
    """One object a line, as `rrmq list --json` prints it.

    While there may be more, the header `Link` has the address of the next page (`rel="next"`).
    """
    found = await served.call(
        jobs.list_jobs,
        served.app,
        limit,
        state or (),
        before,
        ephemeral=ephemeral,
        search=search,
    )
    headers = {}
    if len(found) == limit:
        states = "".join(f"&state={one}" for one in state or ())
        every = "&ephemeral=true" if ephemeral else ""
        words = f"&search={quote(search, safe='')}" if search else ""
        headers["Link"] = (
            f'</v1/jobs?limit={limit}{states}{every}{words}&before={found[-1].id}>; rel="next"'
        )
    return lines_response(write_all(map(status_shape, found)), headers)


@router.get("/jobs/{job}", summary="Show how far a job is", response_model=ProblemShape)
async def status(served: Served, job: Job) -> Response:
    """The job's progress, as `rrmq status --json` prints it."""

    def look() -> ProblemShape:
        view, error = jobs.status(served.app, job)
        return problem_shape(view, error, held_up(served.app, view))

    return json_response(await served.call(look))
