"""A job's tournaments as pages show them: one with its answers and matches, or all in a list."""

from typing import NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.actions.report.tournaments import ReportContext, tournaments
from rrm_queue.domain import JobId
from rrm_queue.reports.contents import Tournament
from rrm_queue.reports.size_budget import SizeBudget
from rrm_queue.store.views.closeness import tournament_lines
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.store.views.results import find_tournament
from rrm_queue.views.closeness import TournamentLine
from rrm_queue.views.jobs import JobView

MOST_BYTES = 600_000
"""Bytes of the texts that are read."""


class JobTournament(NamedTuple):
    """A tournament and its job."""

    view: JobView
    held: Tournament


def read_tournament(app: App, job: str, key: str | None) -> JobTournament:
    """The job's tournament of this key, or its first, with as much as there is room for.

    Raises JobNotFound and TournamentNotFound.
    """
    with app.begin() as tx:
        view = view_job(tx, find_job(tx, job))
        found = find_tournament(tx, view.id, key)
        context = ReportContext(tx, view, SizeBudget(MOST_BYTES, 1), texts=True)
        return JobTournament(view, next(iter(tournaments(context, [found.id]))))


def list_tournaments(
    app: App,
    job: JobId,
    most: int,
    *,
    skip: int = 0,
    state: str | None = None,
    search: str | None = None,
) -> list[TournamentLine]:
    """`most` tournaments of the job after the first `skip`, failed and close ones first."""
    with app.begin() as tx:
        filters = {"state": state or None, "search": search or None}
        return tournament_lines(tx, job, most, skip=skip, **filters)
