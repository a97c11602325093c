"""The JSON of people's judging that scripts may rely on; keys are added at the end."""

from typing_extensions import TypedDict

from rrm_queue.actions.audit import Audit
from rrm_queue.actions.people import Cast, ShownMatch, Turn


class ShownMatchShape(TypedDict):
    """A match as one person sees it: `one` is shown first, and nothing says who wrote it.

    `lease` is the right to vote on it.
    """

    lease: str
    prompt: str
    criteria: str | None
    one: str
    two: str


class TurnShape(TypedDict):
    """What a person judges next; `match` is null where there is none for them now.

    `mine` counts the person's votes in the job, `decided` the matches that are decided. `undo` is
    the lease of the person's last vote while it may be taken back.
    """

    job: str
    state: str
    person: str
    mine: int
    decided: int
    match: ShownMatchShape | None
    undo: str | None


class CastShape(TypedDict):
    """A person's vote as it is stored, by the order in which the person saw the answers.

    `held`: it may still be taken back, and does not count yet.
    """

    job: str
    person: str
    verdict: str
    held: bool


class AuditShape(TypedDict):
    """A job for people over a sample of the job `of`: `matches` of its `decided` matches.

    `new` is false for the job that the same audit made before. `page` is where people judge.
    """

    job: str
    of: str
    matches: int
    decided: int
    new: bool
    state: str
    page: str


def audit_shape(made: Audit) -> AuditShape:
    """An audit."""
    return {
        "job": made.submitted.job,
        "of": made.of,
        "matches": made.matches,
        "decided": made.decided,
        "new": made.submitted.new,
        "state": made.submitted.state,
        "page": made.page,
    }


def turn_shape(turn: Turn) -> TurnShape:
    """What a person judges next."""
    return {
        "job": turn.view.id,
        "state": turn.view.state,
        "person": turn.person,
        "mine": turn.mine,
        "decided": turn.view.matches_done,
        "match": None if turn.match is None else _match_shape(turn.match),
        "undo": turn.undo,
    }


def _match_shape(shown: ShownMatch) -> ShownMatchShape:
    return {
        "lease": shown.lease,
        "prompt": shown.prompt,
        "criteria": shown.criteria,
        "one": shown.one,
        "two": shown.two,
    }


def cast_shape(cast: Cast) -> CastShape:
    """A person's vote."""
    return {
        "job": cast.job,
        "person": cast.person,
        "verdict": cast.verdict,
        "held": cast.held,
    }
