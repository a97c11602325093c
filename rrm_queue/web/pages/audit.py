"""What makes a job for people of a job that a judge has decided: a form on the job's page."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from rrm_queue.actions.audit import SHARE, audit
from rrm_queue.web.serving import Served

router = APIRouter(include_in_schema=False)


@router.post("/jobs/{job}/audit")
async def make_audit(
    served: Served,
    job: str,
    share: Annotated[str, Form()] = SHARE,
    votes: Annotated[int, Form()] = 1,
) -> Response:
    """Makes the job for people, or finds the one of the same audit, and shows it."""
    made = await served.call_heavy(audit, served.app, job, share, votes=votes)
    return RedirectResponse(f"/jobs/{made.submitted.job}", 303)
