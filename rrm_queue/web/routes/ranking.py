"""A ranking of a few answers, while the request waits."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from rrm_queue.actions.rewards.ranking import RankingShape, prepare_ranking, ranking_shape
from rrm_queue.web.held import held
from rrm_queue.web.responses import json_response
from rrm_queue.web.reward_fields import RankFields
from rrm_queue.web.serving import Served

router = APIRouter(tags=["rewards"])

SOON = 60.0
"""Seconds within which the store answers, or the request fails."""


@router.post(
    "/rank",
    summary="Rank a few answers",
    response_model=RankingShape,
    responses={202: {"description": "Not judged yet: send the same request again."}},
)
async def rank(served: Served, request: Request, fields: RankFields) -> Response:
    """The candidates from the best to the worst, as `rrm_queue.rank` returns them.

    The same request again joins what is there, and gets the same ranking.
    """
    service = served.rewards
    group, job = await served.call(prepare_ranking, service, fields.row(), fields.options())
    joined = await held(served, request, service.join(group, job), SOON)
    try:
        judged = await held(served, request, joined.judged, fields.wait)
    except TimeoutError:
        waiting = {"job": joined.job, "tournament": joined.key}
        return json_response(waiting, 202, {"Retry-After": "1"})
    shape = await served.call(ranking_shape, served.app, joined.job, joined.key, judged.error)
    return json_response(shape)
