"""The page of all jobs: filters, search, and control of several at once."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from rrm_queue.actions import jobs
from rrm_queue.actions.app import App
from rrm_queue.actions.formatting import progress
from rrm_queue.domain import JobState
from rrm_queue.judging.kinds import titled
from rrm_queue.views.jobs import JobView
from rrm_queue.web.access import Right
from rrm_queue.web.live import Page, Rendered
from rrm_queue.web.pages.respond import respond, right_of
from rrm_queue.web.pages.templates import render
from rrm_queue.web.serving import Served

router = APIRouter(include_in_schema=False)

MOST = 50
"""Jobs on a page."""

GROUPS: Mapping[str, tuple[JobState, ...]] = {
    "running": (JobState.RUNNING,),
    "waiting": (JobState.QUEUED, JobState.PAUSED),
    "succeeded": (JobState.SUCCEEDED,),
    "failed": (JobState.PARTIAL, JobState.FAILED),
    "cancelled": (JobState.CANCELLED,),
}
"""The filters by state."""


@router.get("/jobs")
async def jobs_page(
    served: Served,
    request: Request,
    show: Annotated[str, Query()] = "",
    q: Annotated[str, Query(max_length=200)] = "",
    before: Annotated[str | None, Query()] = None,
) -> Response:
    """The jobs, the newest first."""
    right = right_of(request)
    asked = {"show": show if show in GROUPS else "", "q": q.strip(), "before": before or ""}

    def make() -> Rendered:
        return Rendered(_rendered(served.app, asked, right))

    key = f"jobs {right.name} {urlencode(asked)}"
    return await respond(served, request, Page(key, None, make), "Jobs", "jobs")


def _rendered(app: App, asked: Mapping[str, str], right: Right) -> str:
    found = jobs.search_jobs(
        app, MOST, GROUPS.get(asked["show"], ()), asked["before"] or None, asked["q"] or None
    )
    return render(
        "jobs.html.j2",
        right=right,
        jobs=[_line(view) for view in found.views],
        filters=list(_filters(found.states, asked)),
        asked=asked,
        older=_address(asked, before=found.views[-1].id) if len(found.views) == MOST else None,
        newest=_address(asked, before="") if asked["before"] else None,
        any=bool(sum(found.states.values())),
    )


def _filters(states: Mapping[JobState, int], asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each filter with how many jobs it shows."""
    every = [("", sum(states.values()))]
    every += [(name, sum(states.get(one, 0) for one in group)) for name, group in GROUPS.items()]
    return [
        {
            "name": name or "all",
            "jobs": number,
            "here": name == asked["show"],
            "address": _address(asked, show=name, before=""),
        }
        for name, number in every
    ]


def _address(asked: Mapping[str, str], **other: str) -> str:
    given = {name: value for name, value in {**asked, **other}.items() if value}
    return f"/jobs?{urlencode(given)}" if given else "/jobs"


def _line(view: JobView) -> dict[str, Any]:
    done = progress(view)
    return {
        "view": view,
        "judge": titled(view.judge),
        "progress": done,
        "share": 100 * done.over / done.total if done.total else 0.0,
    }
