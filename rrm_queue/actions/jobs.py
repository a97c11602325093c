"""How far a job is, and what came of it: what a face shows of jobs."""

from collections.abc import Collection
from typing import NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.actions.health import coin_notes, no_verdict_notes
from rrm_queue.domain import JobState
from rrm_queue.errors import JobNotFound
from rrm_queue.store.database import Transaction
from rrm_queue.store.views import jobs
from rrm_queue.store.views.champions import coin_champions
from rrm_queue.store.views.results import job_results
from rrm_queue.strategies import bracket_of
from rrm_queue.views.jobs import JobView
from rrm_queue.views.tournaments import TournamentError, TournamentResult


class Status(NamedTuple):
    """A job, and the error of its first failed tournament."""

    view: JobView
    error: TournamentError | None


class Ending(NamedTuple):
    """What there is to say when a job has ended; `results` only of a job with few tournaments."""

    error: TournamentError | None
    notes: list[str]
    results: list[TournamentResult]


def status(app: App, job: str) -> Status:
    """How far the job is; `job` is its id or any unique prefix of it. Raises JobNotFound.

    The local stack's coordinator and worker are started where they do not run: the job goes on.
    """
    app.ensure_processes()
    with app.begin() as tx:
        view = jobs.view_job(tx, jobs.find_job(tx, job))
        return Status(view, jobs.first_error(tx, view.id) if view.tournaments_failed else None)


def view(app: App, job: str) -> JobView:
    """How far the job is, without the processes that it needs to go on. Raises JobNotFound."""
    with app.begin() as tx:
        return jobs.view_job(tx, jobs.find_job(tx, job))


def newest(app: App) -> JobView:
    """The job that was made last, other than for rewards. Raises JobNotFound for none."""
    for view in list_jobs(app, 1):
        return view
    raise JobNotFound("there is no job yet; `rrmq submit FILE` makes one")


def list_jobs(
    app: App,
    limit: int,
    states: Collection[JobState] = (),
    before: str | None = None,
    *,
    ephemeral: bool = False,
    search: str | None = None,
) -> list[JobView]:
    """The newest jobs first, `limit` at most, in one of the states; without any, in all.

    `before` is a job's id: the list goes on after that job. Raises JobNotFound for it. With
    `ephemeral` also the jobs that were made by requests for rewards. With `search` only those with
    this text in id, name, source, strategy or judge.
    """
    with app.begin() as tx:
        last = None if before is None else jobs.find_job(tx, before)
        return jobs.list_jobs(tx, limit, states, last, ephemeral=ephemeral, search=search)


class FoundJobs(NamedTuple):
    """A part of the list of jobs; `states` counts all that the search finds, by state."""

    views: list[JobView]
    states: dict[JobState, int]


def search_jobs(
    app: App,
    limit: int,
    states: Collection[JobState] = (),
    before: str | None = None,
    search: str | None = None,
) -> FoundJobs:
    """The jobs as `list_jobs` finds them, and how many there are in each state."""
    with app.begin() as tx:
        last = None if before is None else jobs.find_job(tx, before)
        found = jobs.list_jobs(tx, limit, states, last, search=search)
        return FoundJobs(found, jobs.count_states(tx, search))


def ending(app: App, view: JobView, *, most_results: int) -> Ending:
    """What there is to say of a job that has ended; results of at most so many tournaments."""
    with app.begin() as tx:
        return Ending(
            jobs.first_error(tx, view.id) if view.tournaments_failed else None,
            [*no_verdict_notes(tx, view), *coin_notes(view, coin_champions(tx, view.id))],
            _few_results(tx, view) if view.tournaments <= most_results else [],
        )


def _few_results(tx: Transaction, view: JobView) -> list[TournamentResult]:
    return list(job_results(tx, view.id, finals=bracket_of(view.strategy) is not None))
