"""A job's standings, streamed tournament by tournament, with the uncertainty of their ratings."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.domain import CandidateNumber, JobId
from rrm_queue.store.database import Transaction
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.store.views.results import find_tournament, job_results, tournament_outcomes
from rrm_queue.strategies import bracket_of
from rrm_queue.views.jobs import JobView
from rrm_queue.views.tournaments import TournamentResult

if TYPE_CHECKING:
    from rrm_queue.ratings.table import Rating  # it loads SciPy

FEW_TOURNAMENTS = 20
"""The most tournaments of a job that are shown with all standings by default."""

FEW_MATCHES = 20_000
"""The most matches of a job whose intervals are computed by default: about five seconds."""

Ratings = Mapping[CandidateNumber, "Rating"]
"""A tournament's ratings with their uncertainty, by candidate."""


class RatedResult(NamedTuple):
    """A tournament's standings; `ratings` is None without intervals, and before it is done."""

    result: TournamentResult
    ratings: Ratings | None


class JobResults(NamedTuple):
    """A job's results in the file's order; `tournaments` are streamed: read them once.

    `in_full`: whether all standings are worth showing, or only the champions of so many.
    """

    view: JobView
    tournaments: Iterator[RatedResult]
    in_full: bool


@contextmanager
def open_results(
    app: App, job: str, tournament: str | None = None, *, intervals: bool | None = None
) -> Iterator[JobResults]:
    """The results of the job, or of its one `tournament`, while the context is open.

    `intervals` asks for the ratings' uncertainty; None takes them where there are few tournaments
    and matches. Raises JobNotFound and TournamentNotFound.
    """
    with app.begin() as tx:
        view = view_job(tx, find_job(tx, job))
        if tournament is not None:
            find_tournament(tx, view.id, tournament)
        in_full = tournament is not None or view.tournaments <= FEW_TOURNAMENTS
        if intervals is None:
            few = in_full and view.matches_done <= FEW_MATCHES
            intervals = tournament is not None or few
        finals = bracket_of(view.strategy) is not None
        results = job_results(tx, view.id, tournament, finals=finals)
        rated = _rated(tx, view.id, results) if intervals else _unrated(results)
        yield JobResults(view, rated, in_full or intervals)


def _unrated(results: Iterable[TournamentResult]) -> Iterator[RatedResult]:
    return (RatedResult(result, None) for result in results)


def _rated(
    tx: Transaction, job: JobId, results: Iterable[TournamentResult]
) -> Iterator[RatedResult]:
    from rrm_queue.ratings.table import rating_table

    for result in results:
        if not result.standings:
            yield RatedResult(result, None)
            continue
        size, seed, matches = tournament_outcomes(tx, job, result.key)
        order = [ranked.standing.candidate for ranked in result.standings]
        table = rating_table(size, matches, seed, order)
        ratings = {rating.candidate: rating for rating in table}
        yield RatedResult(result, ratings)
