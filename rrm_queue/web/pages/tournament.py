"""The page of one tournament: its bracket or cross table, answers, and the votes of a match."""

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from rrm_queue.actions import jobs
from rrm_queue.actions.app import App
from rrm_queue.actions.tournament import read_tournament
from rrm_queue.actions.votes import check_match, explain_match
from rrm_queue.text import printable
from rrm_queue.views.jobs import JobView
from rrm_queue.views.matches import MatchDetails
from rrm_queue.web.live import Page, Rendered
from rrm_queue.web.pages.job import title_of
from rrm_queue.web.pages.respond import respond, right_of
from rrm_queue.web.pages.templates import render
from rrm_queue.web.serving import Served

router = APIRouter(include_in_schema=False)

Key = Annotated[str, Query(description="The tournament's id.")]


def tournament_address(job: str, key: str) -> str:
    """Where a tournament's page is."""
    return f"/jobs/{quote(job)}/tournament?{urlencode({'key': key})}"


@router.get("/jobs/{job}/tournament")
async def tournament_page(
    served: Served,
    request: Request,
    job: str,
    key: Key,
    match: Annotated[str | None, Query(max_length=20)] = None,
) -> Response:
    """A tournament; with `match` also the votes of its match."""
    if match is not None:
        check_match([match])
    view = await served.call(jobs.view, served.app, job)

    def make() -> Rendered:
        return Rendered(_rendered(served.app, view, key, match))

    name = f"tournament {view.id} {match or ''} {key} {right_of(request).name}"
    title = f"{printable(key)} · {title_of(view)}"
    return await respond(served, request, Page(name, view.id, make), title, "jobs")


def _rendered(app: App, view: JobView, key: str, match: str | None) -> str:
    from rrm_queue.reports.brackets import ROW, WIDTH, picture
    from rrm_queue.reports.cross_table import cross_table
    from rrm_queue.reports.payload import payload

    view, held = read_tournament(app, view.id, key)
    opened = explain_match(app, view.id, key, [match])[0] if match else None
    return render(
        "tournament.html.j2",
        view=view,
        title=title_of(view),
        held=held,
        data=payload(held),
        picture=picture(held),
        table=cross_table(held),
        box_width=WIDTH,
        row=ROW,
        coins=any(one.by_coin for one in held.matches),
        link=f"{tournament_address(view.id, key)}&match=",
        here=tournament_address(view.id, key),
        opened=None if opened is None else _match(opened),
        names=[printable(name) for name in held.names],
    )


def _match(found: MatchDetails) -> dict[str, Any]:
    """The match with its answers and votes."""
    from rrm_queue.reports.payload import vote_words
    from rrm_queue.reports.verdict_mark import reasoning

    match = found.match
    votes = [
        {
            "number": vote.number,
            "judge": found.judge_of(vote),
            "chosen": match.chosen(vote),
            "says": vote_words(vote),
            "shown_first": match.shown(vote)[0],
            "facts": vote.facts,
            "text": reasoning(vote.text),
        }
        for vote in match.cast
    ]
    sides = [(number, found.candidates[number].text) for number in (match.first, match.second)]
    return {"match": match, "sides": sides, "votes": votes}
