"""The page that holds two jobs against each other on the matches that they share."""

from math import isfinite, isnan
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from rrm_queue.actions import jobs
from rrm_queue.actions.app import App
from rrm_queue.actions.money import amount
from rrm_queue.errors import RrmqError
from rrm_queue.judging.kinds import titled
from rrm_queue.text import percent
from rrm_queue.web.live import Page, Rendered
from rrm_queue.web.pages.job import title_of
from rrm_queue.web.pages.respond import respond
from rrm_queue.web.pages.templates import render
from rrm_queue.web.pages.tournament import tournament_address
from rrm_queue.web.serving import Served

router = APIRouter(include_in_schema=False)

OFFERED = 200
"""The newest jobs, which can be chosen."""

SHOWN = 10
"""Disagreements that are shown."""


@router.get("/compare")
async def compare_page(
    served: Served,
    request: Request,
    a: Annotated[str, Query()] = "",
    b: Annotated[str, Query()] = "",
) -> Response:
    """The two jobs. It is not kept up to date: a comparison of large jobs reads all their votes."""
    content = await served.call_heavy(_rendered, served.app, a, b)
    page = Page(f"compare {a} {b}", None, lambda: Rendered(content))
    return await respond(served, request, page, "Compare", "compare", live=False)


def _rendered(app: App, one: str, two: str) -> str:
    found, fault = None, ""
    if one and two:
        try:
            found = _comparison(app, one, two)
        except RrmqError as error:
            fault = str(error)
    return render(
        "compare.html.j2",
        offered=[(view, title_of(view)) for view in jobs.list_jobs(app, OFFERED)],
        one=one,
        two=two,
        found=found,
        fault=fault,
    )


def _comparison(app: App, one: str, two: str) -> dict[str, Any]:
    from rrm_queue.actions.compare import compare
    from rrm_queue.reports.whiskers import Axis, Interval

    found = compare(app, one, two, SHOWN)
    rows = found.changes.rows
    changes = [Interval(row.change, row.low, row.high) for row in rows if isfinite(row.low)]
    axis = Axis.of([*changes, Interval(0.0, 0.0, 0.0)])
    return {
        "held": found,
        "sides": [
            {
                "letter": letter,
                "side": side,
                "title": title_of(side.view),
                "judge": titled(side.view.judge),
                "cost": None if side.cost is None else amount(side.cost),
                "address": f"/jobs/{side.view.id}",
            }
            for letter, side in (("A", found.one), ("B", found.two))
        ],
        "rates": _rates(found),
        "axis": axis,
        "rows": [
            (
                row,
                axis.whisker(Interval(row.change, row.low, row.high))
                if isfinite(row.low)
                else None,
            )
            for row in rows
        ],
        "tau": None if isnan(found.changes.tau) else f"{found.changes.tau:.2f}",
        "disagreements": [
            {
                "prompt": each.one.prompt,
                "texts": (each.one.first_text, each.one.second_text),
                "keys": (each.one.first_key, each.one.second_key),
                "ends": [
                    {
                        "letter": letter,
                        "winner": match.judged_winner_key,
                        "share": percent(share),
                        "address": (
                            f"{tournament_address(view.id, match.tournament)}&match={match.name}"
                        ),
                    }
                    for letter, view, match, share in (
                        ("A", found.one.view, each.one, each.shares[0]),
                        ("B", found.two.view, each.two, each.shares[1]),
                    )
                ],
            }
            for each in found.disagreements
        ],
    }


def _rates(found: Any) -> list[tuple[str, str, str]]:
    """The figures of the agreement: a name, the figure, and its interval."""
    held = found.agreement
    rates = [("same outcome", held.same), ("same winner, where both have one", held.decided)]
    lines = [
        (name, f"{percent(rate.estimate)} %", f"{percent(rate.low)} to {percent(rate.high)} %")
        for name, rate in rates
        if rate.n
    ]
    kappa = held.kappa
    if not isnan(kappa.estimate):
        within = f"{kappa.low:.2f} to {kappa.high:.2f}"
        lines.append(("kappa (Cohen)", f"{kappa.estimate:.2f}", within))
    return lines
