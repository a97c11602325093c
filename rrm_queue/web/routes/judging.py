"""People as judges: they take a match, vote on it, skip it, or give it back."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from rrm_queue.actions.audit import SHARE, audit
from rrm_queue.actions.people import (
    cast_vote,
    return_match,
    skip_match,
    take_match,
    undo_vote,
)
from rrm_queue.actions.people_schemas import (
    AuditShape,
    CastShape,
    TurnShape,
    audit_shape,
    cast_shape,
    turn_shape,
)
from rrm_queue.web.responses import json_response
from rrm_queue.web.routes.parameters import Job
from rrm_queue.web.serving import Served

router = APIRouter(tags=["judging"])

Person = Annotated[str, Query(alias="as", description="The name of the person who judges.")]


class LeaseFields(BaseModel):
    """The right to vote on a match, as it was given with the match."""

    model_config = ConfigDict(extra="forbid")

    lease: str


class VoteFields(LeaseFields):
    """A vote: `first` is the answer that was shown first."""

    verdict: Annotated[str, Field(json_schema_extra={"enum": ["first", "second", "tie"]})]
    hold: Annotated[bool, Field(description="Whether it may be taken back for a minute.")] = False


@router.post(
    "/jobs/{job}/judging",
    summary="Take the match that a person judges next",
    response_model=TurnShape,
)
async def take(served: Served, job: Job, person: Person) -> Response:
    """Shown blind. The same match until it is voted on, skipped, returned or 15 minutes old.

    `match` is null where there is none for this person now. 409 for a job that people do not judge,
    and for one that is paused.
    """
    return json_response(turn_shape(await served.call(take_match, served.app, job, person)))


@router.post(
    "/jobs/{job}/audit",
    summary="Let people judge a sample of what a judge decided",
    status_code=201,
    response_model=AuditShape,
)
async def create_audit(
    served: Served,
    job: Job,
    share: Annotated[
        str, Query(description="The share of the decided matches: 5% or 0.05.")
    ] = SHARE,
    votes: Annotated[int, Query(description="Votes a match, each of another person.")] = 1,
    seed: Annotated[int, Query(description="Which matches are drawn.")] = 0,
    name: Annotated[str | None, Query(description="The name of the new job.")] = None,
    new: Annotated[bool, Query(description="Make a job in any case.")] = False,
) -> Response:
    """As `rrmq audit --json` prints it: 201 for a new job, 200 for the job of the same audit.

    409 for a job that people judge, and for one of which nothing is decided.
    """
    made = await served.call_heavy(
        audit, served.app, job, share, votes=votes, seed=seed, name=name, new=new
    )
    headers = {"Location": f"/v1/jobs/{made.submitted.job}"}
    return json_response(audit_shape(made), 201 if made.submitted.new else 200, headers)


@router.post("/judging/vote", summary="Vote on a match", response_model=CastShape)
async def vote(served: Served, given: VoteFields) -> Response:
    """The same vote again changes nothing. 404 for a lease that there is not.

    With `hold` it may be taken back for a minute, until the person's next vote, or until nothing
    else is left for the person; only then it counts. 409 where another vote of the person stands,
    and where another person has the match by now.
    """
    cast = await served.call(cast_vote, served.app, given.lease, given.verdict, hold=given.hold)
    return json_response(cast_shape(cast))


@router.post("/judging/undo", summary="Take a held vote back", status_code=204)
async def undo(served: Served, given: LeaseFields) -> Response:
    """The person is given the match again. 404 as above, 409 where the vote counts by now."""
    await served.call(undo_vote, served.app, given.lease)
    return Response(status_code=204)


@router.post("/judging/skip", summary="Leave a match to others", status_code=204)
async def skip(served: Served, given: LeaseFields) -> Response:
    """The person is not shown it again. 404 for a lease that there is not."""
    await served.call(skip_match, served.app, given.lease)
    return Response(status_code=204)


@router.post("/judging/return", summary="Give a match back", status_code=204)
async def give_back(served: Served, given: LeaseFields) -> Response:
    """Anybody may be given it. A page calls this when it is left. 404 as above."""
    await served.call(return_match, served.app, given.lease)
    return Response(status_code=204)
