"""The page of one job: how far it is, what holds it up, and what came of it so far."""

import time
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from rrm_queue.actions import jobs
from rrm_queue.actions.app import App
from rrm_queue.actions.audit import SHARE
from rrm_queue.actions.formatting import elapsed
from rrm_queue.actions.health import notes, stalled
from rrm_queue.actions.money import amount, cost_of
from rrm_queue.actions.people import page_of
from rrm_queue.judging.kinds import kind_of, titled
from rrm_queue.text import duration, printable
from rrm_queue.views.jobs import JobView
from rrm_queue.web.access import Right
from rrm_queue.web.live import Page, Rendered
from rrm_queue.web.pages.memory import JobMemory
from rrm_queue.web.pages.respond import respond, right_of
from rrm_queue.web.pages.templates import render
from rrm_queue.web.serving import Served

router = APIRouter(include_in_schema=False)


@router.get("/jobs/{job}")
async def job_page(served: Served, request: Request, job: str) -> Response:
    """A job."""
    view = await served.call(jobs.view, served.app, job)
    right, memory = right_of(request), served.memories.of(view.id)

    def make() -> Rendered:
        return _rendered(served.app, view.id, memory, right)

    page = Page(f"job {view.id} {right.name}", view.id, make)
    return await respond(served, request, page, title_of(view), "jobs")


def title_of(view: JobView) -> str:
    """What a job is called on a page."""
    return printable(view.name or view.source)


def _rendered(app: App, job: str, memory: JobMemory, right: Right) -> Rendered:
    from rrm_queue.reports.cards import cards
    from rrm_queue.reports.figures import board_figure, findings_figure, labels_table

    view, error = jobs.status(app, job)
    known = memory.known(app, view)
    figures = known.figures
    html = render(
        "job.html.j2",
        right=right,
        view=view,
        title=title_of(view),
        judge=titled(view.judge),
        people=page_of(view.id) if kind_of(view.judge).by_people else None,
        audits=SHARE if right is Right.WRITE and _may_be_audited(view) else None,
        problems=_problems(app, view),
        error=error,
        progress=_progress(view, memory, known.most_matches),
        summary=figures.summary,
        board=board_figure(figures.board),
        board_notes=figures.board.notes if figures.board else (),
        heat=figures.board.heat if figures.board else (),
        subsets=figures.board.subsets if figures.board else None,
        cards=cards(figures.summary, figures.board, figures.judge),
        closest=known.closest,
        trust=figures.judge,
        findings=findings_figure(figures.judge),
        labels=labels_table(figures.judge.diagnosis.labels),
        verbs=verbs(view),
    )
    pulse = None if view.state.ended else (lambda: stalled(app, view, counted=False) or "")
    return Rendered(html, known.due, pulse)


def _problems(app: App, view: JobView) -> list[str]:
    """What holds the job up; that people judge it is said by the button which leads them there."""
    return [note for note in notes(app, view) if page_of(view.id) not in note]


def _may_be_audited(view: JobView) -> bool:
    """Whether people can check the job's judge: it has decided something, and is no person."""
    return bool(view.matches_done) and not kind_of(view.judge).by_people


def verbs(view: JobView) -> list[str]:
    """What can be done to the job as it stands."""
    if view.state.ended:
        retries = ["retry"] if view.tournaments_failed or view.matches_failed else []
        return [*retries, "delete"]
    return ["resume" if view.state == "paused" else "pause", "cancel"]


def _progress(view: JobView, memory: JobMemory, most: int | None) -> dict[str, Any]:
    """The job's progress in matches, or in tournaments where its matches cannot be counted."""
    now = datetime.now(UTC)
    pace = memory.speed.pace(view, most, time.monotonic(), now)
    over = view.matches_done + view.matches_failed
    total = max(most, over) if most is not None else None
    if total is None:
        done, failed, of = view.tournaments_done, view.tournaments_failed, view.tournaments
    else:
        done, failed, of = view.matches_done, view.matches_failed, total
    if view.state.ended:
        of = max(1, done + failed)
    cost = cost_of(view, now)
    return {
        "done": 100 * done / of if of else 0.0,
        "failed": 100 * failed / of if of else 0.0,
        "out": 100 * view.out / of if of and total is not None else 0.0,
        "most": total,
        "rate": None
        if pace.rate is None
        else f"{pace.rate:,.3g}"
        if pace.rate < 100
        else f"{pace.rate:,.0f}",
        "left": None if pace.left is None else duration(pace.left),
        "elapsed": duration(elapsed(view, now).total_seconds()) if view.started_at else None,
        "cost": None if cost is None else amount(cost),
    }
