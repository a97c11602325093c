"""The JSON that scripts may rely on; keys are added at the end, never changed."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rrm_queue.store.jobs import JobView
from rrm_queue.store.results import RankedCandidate, TournamentResult


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


def result_shape(result: TournamentResult) -> dict[str, Any]:
    """A tournament's result; champion null and no standings before it is done."""
    return {
        "tournament": result.key,
        "champion": result.champion,
        "standings": [_standing(ranked) for ranked in result.standings],
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


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
