"""What a user does to a job: pause, resume, retry, cancel, delete."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from rrm_queue.actions import control
from rrm_queue.actions.app import App
from rrm_queue.actions.control import Changed
from rrm_queue.actions.schemas import StatusShape, status_shape
from rrm_queue.web.responses import json_response
from rrm_queue.web.routes.parameters import Job
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
    return json_response(status_shape(await served.call(control.delete_ended, served.app, job)))


async def _changed(
    served: Serving, change: Callable[[App, str], Changed[Any]], job: str
) -> Response:
    changed = await served.call(change, served.app, job)
    if changed.warning:
        log.warning("job %s: %s", changed.view.id, changed.warning)
    return json_response(status_shape(changed.view))
