"""Two jobs on the matches that they share."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from rrm_queue.actions.comparison_schema import ComparisonShape, comparison_shape
from rrm_queue.web.responses import json_response
from rrm_queue.web.routes.parameters import Job
from rrm_queue.web.serving import Served

router = APIRouter(tags=["results"])


@router.get(
    "/jobs/{job}/compare/{other}",
    summary="Compare two jobs on the matches that they share",
    response_model=ComparisonShape,
)
async def compare(
    served: Served,
    job: Job,
    other: Annotated[str, Path(description="The other job's id, or any unique prefix of it.")],
    disagreements: Annotated[
        int, Query(ge=0, le=1000, description="How many disagreements to show.")
    ] = 5,
) -> Response:
    """As `rrmq compare --json` prints it."""
    # Imported here: it loads SciPy, for which no server need wait when it starts.
    from rrm_queue.actions import compare as action

    found = await served.call_heavy(action.compare, served.app, job, other, disagreements)
    return json_response(comparison_shape(found))
