"""What a user does to a job: pause, resume, retry, cancel, delete, prune."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from rrm_queue.actions import control, prune
from rrm_queue.actions.app import App
from rrm_queue.actions.control import Changed
from rrm_queue.actions.schemas import StatusShape, status_shape
from rrm_queue.views.jobs import LeftOver
from rrm_queue.web.responses import json_response, lines_response, write_all
from rrm_queue.web.routes.parameters import Job, json_lines
from rrm_queue.web.serving import Served, Serving

router = APIRouter(tags=["control"])
log = logging.getLogger(__name__)


@router.post("/jobs/{job}/pause", summary="Hold a job", response_model=StatusShape)
async def pause(served: Served, job: Job) -> Response:
    """Workers release its matches; votes cast so far are kept. Answers with the job's status."""
    return await _changed(served, control.pause, job)


@router.post("/jobs/{job}/resume", summary="Resume a paused job", response_model=StatusShape)
async def resume(
    served: Served,
    job: Job,
    max_cost: Annotated[
        float | None, Query(gt=0, description="The most that the job may cost from now on.")
    ] = None,
) -> Response:
    """Answers with the job's status."""
    return await _changed(served, partial(control.resume, max_cost=max_cost), job)


@router.post("/jobs/{job}/retry", summary="Retry what failed in a job", response_model=StatusShape)
async def retry(served: Served, job: Job) -> Response:
    """Nothing else is judged again. Answers with the job's status."""
    return await _changed(served, control.retry_failed, job)


@router.post("/jobs/{job}/cancel", summary="Stop a job for good", response_model=StatusShape)
async def cancel(served: Served, job: Job) -> Response:
    """Votes cast so far are kept. Answers with the job's status."""
    return await _changed(served, control.cancel, job)


@router.delete("/jobs/{job}", summary="Remove a job that has ended", response_model=StatusShape)
async def delete(served: Served, job: Job) -> Response:
    """Removes its answers, votes and standings too. Answers with the job's last status."""
    view = await served.call_heavy(control.delete_ended, served.app, job)
    return json_response(status_shape(view))


@router.post("/prune", summary="Remove the jobs that are left over", responses=json_lines(LeftOver))
async def remove_left_over(
    served: Served,
    older_than: Annotated[
        float, Query(ge=0, description="Days without work after which a job is left over.")
    ] = 1.0,
    ended: Annotated[
        bool, Query(description="Also all other jobs that have ended, without a question.")
    ] = False,
    dry_run: Annotated[bool, Query(description="Only tell what would be removed.")] = False,
) -> Response:
    """Those that requests for rewards made. One object a line, as `rrmq prune --json` prints it."""

    def remove() -> list[LeftOver]:
        jobs = prune.prunable(served.app, older_than, ended=ended)
        return jobs if dry_run else list(prune.prune(served.app, jobs))

    removed = await served.call_heavy(remove)
    return lines_response(write_all(job._asdict() for job in removed))


async def _changed(
    served: Serving, change: Callable[[App, str], Changed[Any]], job: str
) -> Response:
    changed = await served.call(change, served.app, job)
    if changed.warning:
        log.warning("job %s: %s", changed.view.id, changed.warning)
    return json_response(status_shape(changed.view))
