"""Rankings of a few answers: what a caller gets for each prompt, from Python and over HTTP."""

from collections.abc import Mapping
from typing import Any

from typing_extensions import TypedDict

from rrm_queue.actions.app import App
from rrm_queue.actions.rewards.asked import Group, OwnJob, fitting, ranked_group
from rrm_queue.actions.rewards.service import RewardService
from rrm_queue.domain import JobId
from rrm_queue.errors import UsageFault
from rrm_queue.store.views.results import job_results

STRATEGY = "elo"
"""Every pair is judged, unless another strategy is given."""


ONE_TEXT = "candidates is one text: give a list of answers"


class RankedShape(TypedDict):
    """A candidate's standing; `number` is its index among the candidates given, from 0."""

    number: int
    id: str
    rank: int
    wins: int
    losses: int
    draws: int
    elo: float
    bt: float


class RankingShape(TypedDict):
    """The candidates from the best to the worst; none where `error` says why."""

    job: str
    tournament: str
    standings: list[RankedShape]
    error: str | None


def prepare_ranking(
    service: RewardService, row: Mapping[str, Any], options: Mapping[str, Any]
) -> tuple[Group, OwnJob]:
    """The row, checked, and the open job that rows with these options share.

    A row is that of a file: `prompt`, `candidates` and what else the judge needs. Raises UsageFault
    and BadInput.
    """
    if isinstance(row.get("candidates"), str | bytes):
        raise UsageFault(ONE_TEXT)
    group = ranked_group(row)
    job = service.own_job({"strategy": STRATEGY, **options}, 0)
    return fitting(job.needs, group), job


def ranking_shape(app: App, job: JobId, key: str, error: str | None) -> RankingShape:
    """The ranking of a tournament that is over; `error` is why it failed, if it did."""
    with app.begin() as tx:
        [result] = job_results(tx, job, key)
        standings: list[RankedShape] = [
            {
                "number": line.standing.candidate,
                "id": line.key,
                "rank": line.standing.rank,
                "wins": line.standing.wins,
                "losses": line.standing.losses,
                "draws": line.standing.draws,
                "elo": line.standing.elo,
                "bt": line.standing.bt,
            }
            for line in result.standings
        ]
    return {
        "job": job,
        "tournament": key,
        "standings": standings,
        "error": None if standings else error or "no reason",
    }
