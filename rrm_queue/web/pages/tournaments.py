"""The page of a job's tournaments, the closest first."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from rrm_queue.actions import jobs
from rrm_queue.actions.app import App
from rrm_queue.actions.tournament import list_tournaments
from rrm_queue.domain import TournamentState
from rrm_queue.views.jobs import JobView
from rrm_queue.web.live import Page, Rendered
from rrm_queue.web.pages.job import title_of
from rrm_queue.web.pages.respond import respond, right_of
from rrm_queue.web.pages.templates import render
from rrm_queue.web.serving import Served

router = APIRouter(include_in_schema=False)

MOST = 50
"""Tournaments on a page."""

STATES = {"all": "", **{state.value: state.value for state in TournamentState}}
"""The filters, and the state of each."""


@router.get("/jobs/{job}/tournaments")
async def tournaments_page(
    served: Served,
    request: Request,
    job: str,
    show: Annotated[str, Query()] = "",
    q: Annotated[str, Query(max_length=200)] = "",
    skip: Annotated[int, Query(ge=0, le=100_000_000)] = 0,
) -> Response:
    """The tournaments of the job."""
    view = await served.call(jobs.view, served.app, job)
    show = show if show in STATES.values() else ""

    def make() -> Rendered:
        return Rendered(_rendered(served.app, view, show, q.strip(), skip))

    key = f"tournaments {view.id} {urlencode({'show': show, 'q': q, 'skip': skip})}"
    page = Page(f"{key} {right_of(request).name}", view.id, make)
    return await respond(served, request, page, f"Tournaments · {title_of(view)}", "jobs")


def _rendered(app: App, view: JobView, show: str, search: str, skip: int) -> str:
    found = list_tournaments(app, view.id, MOST + 1, skip=skip, state=show, search=search)

    def address(given: Mapping[str, str | int]) -> str:
        asked = {"show": show, "q": search, **given}
        words = urlencode({name: value for name, value in asked.items() if value})
        return f"/jobs/{view.id}/tournaments" + (f"?{words}" if words else "")

    return render(
        "tournaments.html.j2",
        view=view,
        title=title_of(view),
        lines=found[:MOST],
        filters=[
            {"name": name, "here": state == show, "address": address({"show": state})}
            for name, state in STATES.items()
        ],
        show=show,
        search=search,
        first=skip + 1,
        older=address({"skip": skip + MOST}) if len(found) > MOST else None,
        newer=address({"skip": max(0, skip - MOST)}) if skip else None,
    )
