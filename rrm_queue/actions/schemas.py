"""The JSON that scripts may rely on, the same on every face; keys are added at the end.

It is made of views. A number that JSON does not have is null.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict  # Pydantic cannot describe that of older Pythons

from rrm_queue.actions.money import cost_of
from rrm_queue.views.jobs import JobView
from rrm_queue.views.tournaments import RankedCandidate, TournamentError, TournamentResult

if TYPE_CHECKING:  # they load SciPy, which most verbs do not need
    from rrm_queue.domain import CandidateNumber
    from rrm_queue.ratings.leaderboard import Leaderboard, LeaderboardRow
    from rrm_queue.ratings.table import Rating


class TournamentCounts(TypedDict):
    """How many tournaments a job has, and how many are over."""

    total: int
    done: int
    failed: int


class MatchCounts(TypedDict):
    """A job's matches by state."""

    done: int
    out: int
    ready: int


class Tokens(TypedDict):
    """Tokens of prompts, how many of them were cached, and tokens that the judge wrote."""

    prompt: int
    cached: int
    completion: int


class Sharing(TypedDict):
    """Prompt tokens that came from the cache, and how many could have."""

    cached: int
    bound: int


class StatusShape(TypedDict):
    """A job's progress."""

    job: str
    state: str
    strategy: str
    judge: str
    tournaments: TournamentCounts
    matches: MatchCounts
    votes: int
    tokens: Tokens
    started_at: str | None
    finished_at: str | None
    created_at: str | None
    name: str | None
    source: str
    candidates: int
    votes_per_match: int
    seed: int
    seeding: str
    priority: int
    matches_failed: int
    sharing: Sharing
    votes_reused: int
    note: str | None
    open: bool
    ephemeral: bool
    price: str | None
    max_cost: float | None
    cost: float | None


class ProblemShape(StatusShape):
    """A job's progress, the error of its first failed tournament, and what holds it up now."""

    problem: str | None
    held_up: str | None


class StandingShape(TypedDict):
    """A candidate's standing; from `bt_low` on null without intervals."""

    candidate: str
    rank: int
    wins: int
    losses: int
    draws: int
    elo: float
    bt: float
    generator: str | None
    bt_low: float | None
    bt_high: float | None
    elo_mean: float | None
    elo_sd: float | None
    elo_low: float | None
    elo_high: float | None
    component: int | None
    group: int | None
    undefeated: bool | None
    winless: bool | None
    rank_low: int | None
    rank_high: int | None
    above_next: float | None
    prior_shift: float | None


class ResultShape(TypedDict):
    """A tournament's result; `champion` is null and `standings` empty before it is done.

    `decided_by` is what put it first, see `ChampionBy`; `tied`: others may be as good.
    """

    tournament: str
    champion: str | None
    standings: list[StandingShape]
    state: str
    error: str | None
    lead: float | None
    decided_by: str | None
    tied: bool


class LeaderboardShape(TypedDict):
    """A job's leaderboard: what was counted, then a `LeaderboardRow` for each generator."""

    job: str
    state: str
    matches: int
    tournaments: int
    own: int
    unnamed: int
    clustered: bool
    method: str
    elo_orders: int
    generators: list[dict[str, Any]]
    soft: dict[str, int] | None
    prior: bool
    lead: float | None


UNCERTAINTY = (
    "bt_low", "bt_high", "elo_mean", "elo_sd", "elo_low", "elo_high",
    "component", "group", "undefeated", "winless",
    "rank_low", "rank_high", "above_next", "prior_shift",
)  # fmt: skip
"""The keys of a standing that need intervals."""


def status_shape(view: JobView) -> StatusShape:
    """A job's progress, as `status`, `list` and `cancel` print it."""
    return {
        "job": view.id,
        "state": view.state,
        "strategy": view.strategy,
        "judge": str(view.judge),
        "tournaments": {
            "total": view.tournaments,
            "done": view.tournaments_done,
            "failed": view.tournaments_failed,
        },
        "matches": {"done": view.matches_done, "out": view.out, "ready": view.ready},
        "votes": view.votes,
        "tokens": {
            "prompt": view.prompt_tokens,
            "cached": view.cached_tokens,
            "completion": view.completion_tokens,
        },
        "started_at": _moment(view.started_at),
        "finished_at": _moment(view.finished_at),
        "created_at": _moment(view.created_at),
        "name": view.name,
        "source": view.source,
        "candidates": view.candidates,
        "votes_per_match": view.voting.votes,
        "seed": view.seed,
        "seeding": view.seeding,
        "priority": view.priority,
        "matches_failed": view.matches_failed,
        "sharing": {"cached": view.shared_tokens, "bound": view.shareable_tokens},
        "votes_reused": view.votes_reused,
        "note": view.note,
        "open": view.open,
        "ephemeral": view.ephemeral,
        "price": None if view.price is None else str(view.price),
        "max_cost": view.max_cost,
        "cost": cost_of(view),
    }


def problem_shape(
    view: JobView, error: TournamentError | None, held_up: str | None
) -> ProblemShape:
    """A job's progress, its first error, and why it does not move, as `status` prints it."""
    problem = f"{error.tournament}: {error.error}" if error else None
    return {**status_shape(view), "problem": problem, "held_up": held_up}


def result_shape(
    result: TournamentResult, ratings: "Mapping[CandidateNumber, Rating] | None" = None
) -> ResultShape:
    """A tournament's result; `ratings` are its intervals."""
    standings = [
        _standing(ranked, ratings[ranked.standing.candidate] if ratings else None)
        for ranked in result.standings
    ]
    return {
        "tournament": result.key,
        "champion": result.champion,
        "standings": standings,
        "state": result.state,
        "error": result.error,
        "lead": standings[0]["above_next"] if standings else None,
        "decided_by": result.decided_by,
        "tied": result.tied,
    }


def _standing(ranked: RankedCandidate, rating: "Rating | None") -> StandingShape:
    standing = ranked.standing
    shape: StandingShape = {
        "candidate": ranked.key,
        "rank": standing.rank,
        "wins": standing.wins,
        "losses": standing.losses,
        "draws": standing.draws,
        "elo": standing.elo,
        "bt": standing.bt,
        "generator": ranked.generator,
        "bt_low": None,
        "bt_high": None,
        "elo_mean": None,
        "elo_sd": None,
        "elo_low": None,
        "elo_high": None,
        "component": None,
        "group": None,
        "undefeated": None,
        "winless": None,
        "rank_low": None,
        "rank_high": None,
        "above_next": None,
        "prior_shift": None,
    }
    if rating is not None:
        shape["bt_low"], shape["bt_high"] = rating.low, rating.high
        shape["elo_mean"], shape["elo_sd"] = rating.elo, rating.elo_sd
        shape["elo_low"], shape["elo_high"] = rating.elo_low, rating.elo_high
        shape["component"], shape["group"] = rating.component, rating.group
        shape["undefeated"], shape["winless"] = rating.undefeated, rating.winless
        shape["rank_low"], shape["rank_high"] = rating.rank_low, rating.rank_high
        shape["above_next"], shape["prior_shift"] = rating.above_next, rating.prior_shift
    return shape


def leaderboard_shape(view: JobView, board: "Leaderboard") -> LeaderboardShape:
    """A job's leaderboard."""
    return {
        "job": view.id,
        "state": view.state,
        "matches": board.matches,
        "tournaments": board.tournaments,
        "own": board.own,
        "unnamed": board.unnamed,
        "clustered": board.clustered,
        "method": board.method,
        "elo_orders": board.elo_orders,
        "generators": [leaderboard_row(row) for row in board.rows],
        "soft": None if board.soft is None else board.soft._asdict(),
        "prior": board.prior,
        "lead": board.lead,
    }


def leaderboard_row(row: "LeaderboardRow") -> dict[str, Any]:
    """A generator's row; its keys are also the CSV's header."""
    return asdict(row)


def json_line(shape: Mapping[str, Any]) -> str:
    """One line of ASCII: safe in every encoding, and free of a terminal's control characters."""
    return json.dumps(shape)


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
