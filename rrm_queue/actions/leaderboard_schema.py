"""The JSON of a leaderboard and of what can be asked for beside it; keys are added at the end."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict

from rrm_queue.actions.schemas import LeaderboardShape, leaderboard_row, leaderboard_shape

if TYPE_CHECKING:  # it loads SciPy
    from rrm_queue.actions.leaderboard_details import LeaderboardDetails


class EffectShape(TypedDict):
    """A feature's effect: log odds of winning for one standard deviation (`scale`) of it."""

    feature: str
    coefficient: float
    low: float
    high: float
    scale: float


class ControlledShape(TypedDict):
    """A generator's rating if all answers had the same features, with its 95 % interval."""

    generator: str
    bt: float
    low: float
    high: float
    rank: int


class ControlShape(TypedDict):
    """The ratings with control for `length` or `style`, and what each feature does."""

    kind: str
    effects: list[EffectShape]
    generators: list[ControlledShape]


class SubsetShape(TypedDict):
    """The leaderboard of one subset; a row has the keys of the whole leaderboard's."""

    subset: str
    matches: int
    tournaments: int
    generators: list[dict[str, Any]]


class MeetingShape(TypedDict):
    """The matches between two generators, from the view of `first`."""

    first: str
    second: str
    matches: int
    wins: int
    draws: int
    losses: int
    win_rate: float


class LeaderboardDetailsShape(LeaderboardShape):
    """A leaderboard; the last three keys are null unless they were asked for."""

    control: ControlShape | None
    subsets: list[SubsetShape] | None
    meetings: list[MeetingShape] | None


def details_shape(details: "LeaderboardDetails") -> LeaderboardDetailsShape:
    """A job's leaderboard with what was asked for beside it."""
    return {
        **leaderboard_shape(*details.found),
        "control": _control(details),
        "subsets": None
        if details.subsets is None
        else [
            {
                "subset": name,
                "matches": board.matches,
                "tournaments": board.tournaments,
                "generators": [leaderboard_row(row) for row in board.rows],
            }
            for name, board in details.subsets
        ],
        "meetings": None
        if details.meetings is None
        else [_meeting(one._asdict()) for one in details.meetings],
    }


def _control(details: "LeaderboardDetails") -> ControlShape | None:
    held = details.controlled
    if held is None or details.control is None:
        return None
    effects: list[Any] = [asdict(effect) for effect in held.effects]
    rows: list[Any] = [asdict(row) for row in held.rows]
    return {"kind": str(details.control), "effects": effects, "generators": rows}


def _meeting(cells: dict[str, Any]) -> MeetingShape:
    shape: MeetingShape = cells  # type: ignore[assignment]  # the same keys
    return shape
