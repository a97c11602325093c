"""More of a job's leaderboard: control for style, a leaderboard for each subset, the win matrix."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rrm_queue.actions.app import App
from rrm_queue.actions.leaderboard import JobLeaderboard, read_leaderboard
from rrm_queue.errors import Message, Option, UsageFault
from rrm_queue.ratings.leaderboard import Leaderboard, Method, leaderboard
from rrm_queue.ratings.win_matrix import Meeting, win_matrix
from rrm_queue.store.database import Transaction
from rrm_queue.store.views.outcomes import generator_matches
from rrm_queue.store.views.style import tournament_subsets
from rrm_queue.views.jobs import JobView
from rrm_queue.views.style import Control

if TYPE_CHECKING:
    from rrm_queue.ratings.controlled import ControlledRatings


class SubsetBoard(NamedTuple):
    """The leaderboard of the tournaments of one subset."""

    subset: str
    board: Leaderboard


@dataclass(frozen=True, slots=True)
class LeaderboardRequest:
    """What is asked for: see `rrmq leaderboard`."""

    method: Method = Method.SANDWICH
    soft: bool = False
    prior: bool = True
    control: Control | None = None
    by_subset: bool = False
    matrix: bool = False


@dataclass(frozen=True, slots=True)
class LeaderboardDetails:
    """A job's leaderboard with what was asked for beside it; None for what was not."""

    found: JobLeaderboard
    control: Control | None
    controlled: "ControlledRatings | None"
    subsets: tuple[SubsetBoard, ...] | None
    meetings: tuple[Meeting, ...] | None


def read_details(app: App, job: str, request: LeaderboardRequest) -> LeaderboardDetails:
    """The leaderboard and what was asked for.

    Raises JobNotFound, and UsageFault for what the job does not have or what does not go together.
    """
    if request.soft and (request.control or request.by_subset):
        option = Option("control") if request.control else Option("by", "subset")
        raise UsageFault(Message(Option("soft"), " does not go with ", option))
    found = read_leaderboard(app, job, request.method, soft=request.soft, prior=request.prior)
    with app.begin() as tx:
        return LeaderboardDetails(
            found,
            request.control,
            _controlled(tx, found.view, request) if request.control else None,
            _subsets(tx, found.view, request) if request.by_subset else None,
            win_matrix(*generator_matches(tx, found.view.id)) if request.matrix else None,
        )


def _controlled(tx: Transaction, view: JobView, request: LeaderboardRequest) -> "ControlledRatings":
    from rrm_queue.actions.style_control import controlled_of  # it loads SciPy's optimizers

    try:
        return controlled_of(tx, view, request.control or Control.STYLE, prior=request.prior)
    except ValueError as no_finite_rating:
        raise UsageFault(Message(f"{no_finite_rating}; rate with ", Option("prior"))) from None


def _subsets(
    tx: Transaction, view: JobView, request: LeaderboardRequest
) -> tuple[SubsetBoard, ...]:
    subsets = tournament_subsets(tx, view.id)
    if not subsets:
        raise UsageFault("the job's file names no subsets")
    generators, matches = generator_matches(tx, view.id)
    of_match = np.array([subsets.get(number, "") for number in matches.tournaments.tolist()])
    return tuple(
        SubsetBoard(
            name,
            leaderboard(generators, matches.where(of_match == name), view.seed, request.method),
        )
        for name in sorted(set(subsets.values()))
    )
