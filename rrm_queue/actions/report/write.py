"""Writes the report of a job: reads what it shows, one tournament at a time."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.actions.atomic_file import opened, target_of
from rrm_queue.actions.report.figures import read_figures
from rrm_queue.actions.report.summary import selection_words
from rrm_queue.actions.report.tournaments import ReportContext, tournaments
from rrm_queue.errors import UsageFault
from rrm_queue.reports import page
from rrm_queue.reports.contents import Report
from rrm_queue.reports.size_budget import SizeBudget
from rrm_queue.store.database import Transaction
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.store.views.report import select_tournaments
from rrm_queue.views.jobs import JobView
from rrm_queue.views.tournaments import SelectedTournaments

MEGABYTE = 1_000_000


class ReportRequest(NamedTuple):
    """What the report shows: `most` tournaments and those called `keys`.

    Their texts take about `megabytes` together; without `texts` there are no prompts, answers and
    reasoning. `output` is the file, None for stdout; `force` replaces a file that exists.
    """

    output: Path | None
    most: int = 200
    keys: Sequence[str] = ()
    megabytes: int = 20
    texts: bool = True
    force: bool = False


class WrittenReport(NamedTuple):
    """A written report: its size in bytes and how many tournaments it shows."""

    view: JobView
    size: int
    tournaments: int


def write_report(app: App, job: str, request: ReportRequest) -> WrittenReport:
    """Writes the job as one HTML page; a file appears whole or not at all.

    Raises JobNotFound, TournamentNotFound, and UsageFault for a file that may not be written.
    """
    target = None if request.output is None else target_of(request.output, force=request.force)
    if target is not None and target.suffix.lower() not in (".html", ".htm"):
        raise UsageFault(f"a report is HTML: name the file {target.stem}.html")
    with app.begin() as tx:
        view = view_job(tx, find_job(tx, job))
        selected = select_tournaments(tx, view.id, request.most, request.keys)
        size = 0
        with opened(target, force=request.force) as stream:
            for part in page(_report(tx, view, selected, request)):
                size += stream.write(part.encode())
    return WrittenReport(view, size, len(selected.ids))


def _report(
    tx: Transaction, view: JobView, selected: SelectedTournaments, request: ReportRequest
) -> Report:
    """The report; its tournaments are read when the page comes to them."""
    figures = read_figures(tx, view)
    budget = SizeBudget(request.megabytes * MEGABYTE, len(selected.ids))
    return Report(
        summary=figures.summary,
        board=figures.board,
        judge=figures.judge,
        tournaments=tournaments(ReportContext(tx, view, budget, request.texts), selected.ids),
        selection=selection_words(view, selected, texts=request.texts),
        priced=view.price is not None and not view.price.by_time,
    )
