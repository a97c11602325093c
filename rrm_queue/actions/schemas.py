"""The JSON that scripts may rely on; keys are added at the end, never changed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING, Any

from rrm_queue.views import JobView, RankedCandidate, TournamentResult

if TYPE_CHECKING:  # they load SciPy, which most verbs can do without
    from rrm_queue.diagnostics.label_report import LabelReport
    from rrm_queue.diagnostics.length import LongerWins
    from rrm_queue.diagnostics.report import JudgeReport
    from rrm_queue.domain import CandidateNumber
    from rrm_queue.ratings.leaderboard import Leaderboard, Line
    from rrm_queue.ratings.table import Rating


def status_shape(view: JobView) -> dict[str, Any]:
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
    }


def result_shape(
    result: TournamentResult, ratings: "Mapping[CandidateNumber, Rating] | None" = None
) -> dict[str, Any]:
    """A tournament's result; champion null and no standings before it is done.

    Without `ratings` what stands on them is null.
    """
    return {
        "tournament": result.key,
        "champion": result.champion,
        "standings": [
            _standing(ranked)
            | _uncertainty(ratings[ranked.standing.candidate] if ratings else None)
            for ranked in result.standings
        ],
        "state": result.state,
        "error": result.error,
    }


def json_line(shape: Mapping[str, Any]) -> str:
    """One line of ASCII: safe in every encoding, and nothing in it can command a terminal."""
    return json.dumps(shape)


def _standing(ranked: RankedCandidate) -> dict[str, Any]:
    standing = ranked.standing
    return {
        "candidate": ranked.key,
        "rank": standing.rank,
        "wins": standing.wins,
        "losses": standing.losses,
        "draws": standing.draws,
        "elo": standing.elo,
        "bt": standing.bt,
        "generator": ranked.generator,
    }


UNCERTAINTY = {
    "bt_low": "low",
    "bt_high": "high",
    "elo_mean": "elo",
    "elo_sd": "elo_sd",
    "elo_low": "elo_low",
    "elo_high": "elo_high",
    "component": "component",
    "group": "group",
    "undefeated": "undefeated",
    "winless": "winless",
}
"""What a standing's keys are called in its rating."""


def _uncertainty(rating: "Rating | None") -> dict[str, Any]:
    return {key: rating and getattr(rating, name) for key, name in UNCERTAINTY.items()}


def leaderboard_shape(view: JobView, board: "Leaderboard") -> dict[str, Any]:
    """A job's leaderboard: what was counted, then a line for each generator."""
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
        "generators": [leaderboard_line(line) for line in board.lines],
    }


def leaderboard_line(line: "Line") -> dict[str, Any]:
    """A generator's line; the keys are those of the CSV's header as well."""
    return asdict(line)


def diagnosis_shape(
    view: JobView,
    judge: "JudgeReport",
    labels: "Sequence[LabelReport]",
    preferred_longer: "LongerWins | None",
) -> dict[str, Any]:
    """What is said of a job's judge; a figure that there is nothing to make of is null.

    `votes_looked_at` is how many votes of each match the rates of votes are of, null for all.
    """
    return {
        "job": view.id,
        "state": view.state,
        "judge": str(view.judge),
        "votes_looked_at": judge.taken,
        "findings": [_plain(asdict(finding)) for finding in judge.findings],
        "length_slope": _plain(asdict(judge.slope)),
        "labels": [_plain(asdict(report)) for report in labels],
        "labels_longer_wins": preferred_longer and _plain(asdict(preferred_longer)),
    }


def _plain(value: Any) -> Any:
    """The value with null for every number that JSON does not have."""
    match value:
        case float() if not isfinite(value):
            return None
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    return value


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
