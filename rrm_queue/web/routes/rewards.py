"""Rewards for groups of answers, whole or answer by answer; see `docs/how-to/rl-rewards.md`."""

from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from rrm_queue.actions.rewards.answers import (
    RewardsShape,
    SampleShape,
    equal_shape,
    rewards_shape,
    sample_shape,
)
from rrm_queue.actions.rewards.gathering import Held
from rrm_queue.actions.rewards.joining import Joined
from rrm_queue.errors import Overloaded, StillRunning
from rrm_queue.views.cohorts import Partial
from rrm_queue.views.rewards import RewardFormula, RewardKind
from rrm_queue.web.held import held
from rrm_queue.web.responses import json_response
from rrm_queue.web.reward_fields import MOST_WAIT, RewardFields, SampleFields
from rrm_queue.web.serving import Served, Serving

router = APIRouter(tags=["rewards"])

GRACE = 1.0
"""Seconds beyond a cohort's deadline in which the store says what becomes of it."""

SOON = 60.0
"""Seconds within which the store answers, or the request fails."""

WAITING = {202: {"description": "Not judged yet: ask again at the address in `Location`."}}


@router.post(
    "/rewards",
    summary="Rewards for a group of answers",
    response_model=RewardsShape,
    responses=WAITING,  # type: ignore[arg-type]  # as FastAPI documents it
)
async def rewards(served: Served, request: Request, fields: RewardFields) -> Response:
    """Rewards in the order of the answers; null, and never 0, where the judge decided nothing.

    The same answers with the same options, or the same `id`, join what is there: a request may be
    repeated. An `id` with other answers is a conflict (409).
    """
    try:
        return json_response(await group_rewards(served, request, fields))
    except _NotJudged as waiting:
        return waiting.response()


@router.get(
    "/rewards/{job}/{tournament:path}",
    summary="Rewards that were asked for before",
    response_model=RewardsShape,
    responses=WAITING,  # type: ignore[arg-type]  # as FastAPI documents it
)
async def asked_before(
    served: Served,
    request: Request,
    job: str,
    tournament: str,
    kind: RewardKind = RewardKind.BT,
    center: bool = False,
    scale: bool = False,
    wait: Annotated[float, Query(ge=0, le=MOST_WAIT)] = 0.0,
) -> Response:
    """The same answer as to the request itself, after up to `wait` seconds."""
    joined = await served.call(served.rewards.find, job, tournament)
    try:
        formula = RewardFormula(kind, center, scale)
        return json_response(await _judged(served, request, joined, formula, wait))
    except _NotJudged as waiting:
        return waiting.response()


@router.post(
    "/rewards/sample",
    summary="The reward of one answer of a cohort",
    response_model=SampleShape,
)
async def sample(served: Served, request: Request, fields: SampleFields) -> Response:
    """Held until all answers of the cohort have come and are judged, or until its deadline (504).

    The same `group` and `index` join their place, and so does the same answer without an index: a
    request may be repeated, to any server. With `partial` `judge` the answers that came by the
    deadline are judged. Without `group` it is one of the next `size` answers to this prompt; two
    requests with the same text are then two answers, unless the first has lost its connection.
    """
    return json_response(await sample_reward(served, request, fields))


async def group_rewards(served: Serving, request: Request, fields: RewardFields) -> RewardsShape:
    """The rewards of a group. Raises Overloaded when they are not there after `wait` seconds."""
    asked = fields.request()
    group, job = await served.call(served.rewards.prepare, asked)
    if group.equal:
        return equal_shape(group.places, asked.formula)
    joined = await held(served, request, served.rewards.join(group, job), SOON)
    return await _judged(served, request, joined, asked.formula, fields.wait)


async def sample_reward(served: Serving, request: Request, fields: SampleFields) -> SampleShape:
    """The reward of one answer. Raises StillRunning at the deadline of its cohort."""
    asked = fields.request()
    answer = await served.call(served.rewards.prepare_sample, asked)
    gathering = served.rewards.gather(answer)
    try:
        place = await held(served, request, gathering, SOON)
    except BaseException:
        gathering.add_done_callback(served.rewards.abandon)
        raise
    given = False
    try:
        judged = await held(served, request, place.judged, _seconds(place, asked.timeout))
        given = True
    except TimeoutError:
        raise _unjudged(place) from None
    finally:
        served.rewards.leave(place, given=given)
    return await served.call(sample_shape, place.cohort, place.place, judged, asked.formula)


class _NotJudged(Overloaded):
    """A group is not judged yet."""

    def __init__(self, joined: Joined, formula: RewardFormula) -> None:
        super().__init__("the group is not judged yet; ask again", retry_after=1)
        self._joined = joined
        self._formula = formula

    def response(self) -> Response:
        """Where to ask again."""
        return json_response(
            {"job": self._joined.job, "tournament": self._joined.key},
            202,
            {"Location": _address(self._joined, self._formula), "Retry-After": "1"},
        )


async def _judged(
    served: Serving, request: Request, joined: Joined, formula: RewardFormula, wait: float
) -> RewardsShape:
    """The rewards once the group is judged. Raises _NotJudged after `wait` seconds."""
    try:
        group = await held(served, request, joined.judged, wait)
    except TimeoutError:
        raise _NotJudged(joined, formula) from None
    return await served.call(rewards_shape, group, formula)


def _address(joined: Joined, formula: RewardFormula) -> str:
    asked = {
        "kind": formula.kind.value,
        "center": str(formula.center).lower(),
        "scale": str(formula.scale).lower(),
    }
    return f"/v1/rewards/{joined.job}/{quote(joined.key, safe='')}?{urlencode(asked)}"


def _seconds(place: Held, timeout: float) -> float:
    """How long an answer is held: until its cohort's deadline; a partial one is judged after it."""
    more = timeout if place.cohort.partial is Partial.JUDGE else 0.0
    return max(0.0, place.cohort.left) + more + GRACE


def _unjudged(place: Held) -> StillRunning:
    return StillRunning(
        f"the answers of group '{place.cohort.name}' were not judged by its deadline; "
        "the same request again joins them"
    )
