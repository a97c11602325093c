"""The page on which people judge: one match at a time, shown blind."""

from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import APIRouter, Cookie, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from rrm_queue.actions.app import App
from rrm_queue.actions.people import (
    Turn,
    cast_vote,
    page_of,
    person_named,
    skip_match,
    stop_judging,
    take_match,
    undo_vote,
)
from rrm_queue.errors import Conflict, LeaseNotFound
from rrm_queue.web.access import Right
from rrm_queue.web.pages.respond import right_of
from rrm_queue.web.pages.templates import HEADERS, render
from rrm_queue.web.problems import Refused
from rrm_queue.web.serving import Served, Serving

router = APIRouter(include_in_schema=False)

PERSON = "rrmq_person"
"""The cookie that keeps the name of who judges."""

YEAR = 365 * 24 * 3600

LATE = "late"
"""The parameter by which the next page tells that a vote, or its undoing, came too late."""

SKIP, UNDO = "skip", "undo"
"""What else a form may say beside the verdicts."""

Name = Annotated[str, Cookie(alias=PERSON)]
Lease = Annotated[str, Form()]


@router.get("/judge/{job}")
async def judge(
    served: Served,
    request: Request,
    job: str,
    person: Name = "",
    as_: Annotated[str | None, Query(alias="as")] = None,
) -> Response:
    """The next match for the person, or what there is to say instead."""
    if as_ is not None:
        return _named(job, as_)
    if right_of(request) is not Right.WRITE:
        return _page(request, job, "read only")
    if not person:
        return _page(request, job, "name")
    turn = await served.call(take_match, served.app, job, unquote(person))
    late = request.query_params.get(LATE, "")
    if turn.match is not None:
        return _page(request, turn.view.id, "match", turn=turn, late=late)
    people = await served.call_heavy(_agreement, served.app, turn)
    return _page(request, turn.view.id, "rest", turn=turn, late=late, people=people)


@router.post("/judge/{job}/name")
async def name(job: str, person: Annotated[str, Form()] = "") -> Response:
    """Keeps the person's name."""
    return _named(job, person)


@router.post("/judge/{job}")
async def vote(
    served: Served, job: str, lease: Lease = "", verdict: Annotated[str, Form()] = ""
) -> Response:
    """Votes, skips or takes the last vote back, and goes on to the next match."""
    late = not await served.call(_said, served, lease, verdict)
    told = f"?{LATE}={UNDO if verdict == UNDO else 'vote'}" if late else ""
    return RedirectResponse(page_of(quote(job)) + told, 303)


@router.post("/judge/{job}/leave")
async def leave(served: Served, job: str, person: Name = "", lease: Lease = "") -> Response:
    """Gives the match back, and lets a held vote count: the browser calls this on leaving."""
    try:
        await served.call(stop_judging, served.app, job, unquote(person), lease)
    except LeaseNotFound as gone:
        raise Refused(404, str(gone)) from None
    return Response(status_code=204)


def _said(served: Serving, lease: str, verdict: str) -> bool:
    """Votes, skips or takes a vote back; whether that counts."""
    if verdict == SKIP:
        skip_match(served.app, lease)
        return True
    try:
        if verdict == UNDO:
            undo_vote(served.app, lease)
        else:
            cast_vote(served.app, lease, verdict, hold=True)
    except Conflict:
        return False
    return True


def _named(job: str, person: str) -> Response:
    answer = RedirectResponse(page_of(quote(job)), 303)
    kept = quote(person_named(person))
    answer.set_cookie(PERSON, kept, max_age=YEAR, httponly=True, samesite="strict")
    return answer


def _agreement(app: App, turn: Turn) -> object:
    """How far people agree so far; it is shown to those who have nothing left to judge."""
    from rrm_queue.actions.diagnose import diagnose

    return diagnose(app, turn.view.id).diagnosis.people


def _page(
    request: Request,
    job: str,
    kind: str,
    *,
    turn: Turn | None = None,
    late: str = "",
    people: object = None,
) -> Response:
    html = render(
        "judge.html.j2",
        title="Judge",
        right=right_of(request),
        current="",
        path="",
        told="",
        job=job,
        page=page_of(job),
        kind=kind,
        turn=turn,
        late=late,
        people=people,
    )
    return HTMLResponse(html, headers=HEADERS)
