"""A new job from files that are dropped: first a dry run, then the submission."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from rrm_queue.actions import options
from rrm_queue.actions.estimate import Estimate, estimate, with_history
from rrm_queue.actions.money import amount
from rrm_queue.errors import BadInput, RrmqError, spelled
from rrm_queue.estimates import AGREEMENT
from rrm_queue.judging.kinds import USAGE
from rrm_queue.strategies import NAMES
from rrm_queue.text import duration
from rrm_queue.web.access import Right
from rrm_queue.web.fields import SubmitFields
from rrm_queue.web.pages.respond import right_of
from rrm_queue.web.pages.templates import HEADERS, render, whole_page
from rrm_queue.web.problems import Refused, parameter, sentence_of
from rrm_queue.web.routes.submit import request_for, submit_upload
from rrm_queue.web.serving import Served, Serving
from rrm_queue.web.uploads import Upload, received

router = APIRouter(include_in_schema=False)


@router.get("/submit")
async def submit_page(request: Request) -> Response:
    """The form."""
    if right_of(request) is not Right.WRITE:
        raise Refused(403, "this token may only read")
    content = render(
        "submit.html.j2",
        strategies=NAMES,
        judges=USAGE,
        votes=options.VOTES,
    )
    html = whole_page(content, "New job", right=Right.WRITE, current="submit")
    return HTMLResponse(html, headers=HEADERS)


@router.post("/submit")
async def submit(served: Served, request: Request) -> Response:
    """With the field `dry` what the job would take, as a part of a page; else the job."""
    async with received(request, None) as upload:
        dry = bool(upload.texts.pop("dry", None))
        for empty in [name for name, words in upload.texts.items() if not any(words)]:
            del upload.texts[empty]
        if dry:
            content = await served.call_heavy(_dry_run, served, upload)
            return HTMLResponse(content, headers=HEADERS)
        submitted, _ = await served.call_heavy(submit_upload, served, upload, SubmitFields())
    return RedirectResponse(f"/jobs/{submitted.job}", 303)


def _dry_run(served: Serving, upload: Upload) -> str:
    """What the job would take, or what is wrong with it."""
    settings = served.app.settings
    try:
        request = request_for(served, upload, SubmitFields())
        found = estimate(upload.sources, request, AGREEMENT, settings.max_input)
        found = with_history(served.app, found, request, None, None)
    except BadInput as error:
        problems = [
            {
                "source": one.source or error.source,
                "line": one.line,
                "reason": spelled(one.reason, parameter),
            }
            for one in error.problems
        ]
        return render("dry_run.html.j2", fault="", problems=problems, found=None, figures=[])
    except RrmqError as error:
        return render(
            "dry_run.html.j2", fault=sentence_of(error), problems=[], found=None, figures=[]
        )
    return render("dry_run.html.j2", fault="", problems=[], found=found, figures=_figures(found))


def _figures(found: Estimate) -> list[tuple[str, Any]]:
    scale = found.scale
    figures: list[tuple[str, Any]] = [
        ("tournaments", f"{scale.tournaments:,}"),
        ("answers", f"{scale.candidates:,}"),
        ("matches at most", f"{scale.matches:,}"),
        ("votes expected", f"{round(scale.votes):,}"),
    ]
    if scale.most_votes != round(scale.votes):
        figures.append(("votes at most", f"{scale.most_votes:,}"))
    if found.written is not None:
        figures.append(("prompt tokens", f"{round(scale.tokens.prompt):,}"))
        figures.append(("completion tokens", f"{round(found.completion_tokens):,}"))
    if found.hours is not None:
        figures.append(("time", duration(found.hours * 3600)))
    if found.cost is not None:
        figures.append(("cost", amount(found.cost)))
    return figures
