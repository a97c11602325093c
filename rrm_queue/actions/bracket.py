"""A bracket: its candidates and matches."""

from typing import NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.errors import UsageFault
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.store.views.matches import tournament_matches
from rrm_queue.store.views.results import candidate_keys, find_tournament
from rrm_queue.strategies import Bracket, bracket_of
from rrm_queue.views.jobs import JobView
from rrm_queue.views.matches import TalliedMatch
from rrm_queue.views.tournaments import TournamentView


class JobBracket(NamedTuple):
    """One tournament of a job with brackets; `candidates` are keys by number."""

    view: JobView
    kind: Bracket
    tournament: TournamentView
    candidates: list[str]
    matches: list[TalliedMatch]


def read_bracket(app: App, job: str, tournament: str | None = None) -> JobBracket:
    """The bracket of the job's tournament, by default its first.

    Raises JobNotFound, TournamentNotFound, and UsageFault for a strategy without one.
    """
    with app.begin() as tx:
        view = view_job(tx, find_job(tx, job))
        bracket = bracket_of(view.strategy)
        if bracket is None:
            raise UsageFault(
                f"job {view.id} has no bracket but is {view.strategy}: "
                f"`rrmq results {view.id}` prints its standings"
            )
        found = find_tournament(tx, view.id, tournament)
        matches = list(tournament_matches(tx, found))
        return JobBracket(view, bracket, found, candidate_keys(tx, found.id), matches)
