"""The JSON of a comparison that scripts may rely on; keys are added at the end."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict

from rrm_queue.actions.plain import plain

if TYPE_CHECKING:  # they load SciPy
    from rrm_queue.actions.compare import Disagreement, JobComparison, JudgedSide
    from rrm_queue.views.matches import PlacedMatch


class RateShape(TypedDict):
    """A share of `n` with its 95 % interval; null without any."""

    estimate: float | None
    low: float | None
    high: float | None
    n: int


class SideShape(TypedDict):
    """A job of a comparison, and what its votes on the shared matches took.

    `matches` counts all that its judge decided. `seconds` is the sum over votes, also of parallel
    ones. `cost` is null without a price of tokens.
    """

    job: str
    state: str
    name: str | None
    judge: str
    matches: int
    votes: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    seconds: float
    cost: float | None


class OutcomeCounts(TypedDict):
    """The shared matches by their outcomes in the two jobs; a coin's winner is a draw."""

    same_winner: int
    opposite_winners: int
    draw_in_first: int
    draw_in_second: int
    draw_in_both: int


class GeneratorChange(TypedDict):
    """A generator's ratings by either job; `low` to `high` is the interval of `change`."""

    generator: str
    matches: int
    rank: int
    other_rank: int
    moved: int
    bt: float
    other_bt: float
    change: float
    low: float | None
    high: float | None
    win_rate: float
    other_win_rate: float


class PlacedShape(TypedDict):
    """A match of a job: its name, the ids of its answers in its own order, and the winner's.

    `share` is the share of its votes for `first`, with one vote more for either side.
    """

    tournament: str
    match: str
    first: str
    second: str
    winner: str | None
    decided_by: str | None
    share: float


class DisagreementShape(TypedDict):
    """A shared match whose outcome differs; the texts are in the order of the first job's match."""

    prompt: str
    first_text: str
    second_text: str
    one: PlacedShape
    two: PlacedShape


class ComparisonShape(TypedDict):
    """Two jobs on the matches that they share; `kappa` is null where both say one thing only."""

    one: SideShape
    two: SideShape
    shared: int
    prompts: int
    shared_prompts: int
    agreement: RateShape
    decided_agreement: RateShape
    kappa: RateShape
    outcomes: OutcomeCounts
    rank_tau: float | None
    generators: list[GeneratorChange]
    disagreements: list[DisagreementShape]


def comparison_shape(found: "JobComparison") -> ComparisonShape:
    """The comparison of two jobs."""
    agreement = asdict(found.agreement)
    shape: ComparisonShape = plain(
        {
            "one": _side(found.one),
            "two": _side(found.two),
            "shared": found.shared,
            "prompts": found.prompts,
            "shared_prompts": found.shared_prompts,
            "agreement": agreement.pop("same"),
            "decided_agreement": agreement.pop("decided"),
            "kappa": agreement.pop("kappa"),
            "outcomes": agreement,
            "rank_tau": found.changes.tau,
            "generators": [asdict(row) for row in found.changes.rows],
            "disagreements": [_disagreement(one) for one in found.disagreements],
        }
    )
    return shape


def _side(side: "JudgedSide") -> dict[str, Any]:
    view, shared = side.view, side.shared
    return {
        "job": view.id,
        "state": view.state,
        "name": view.name,
        "judge": str(view.judge),
        "matches": side.matches,
        "votes": shared.votes,
        "prompt_tokens": shared.prompt_tokens,
        "cached_tokens": shared.cached_tokens,
        "completion_tokens": shared.completion_tokens,
        "seconds": shared.judge_seconds,
        "cost": side.cost,
    }


def _disagreement(found: "Disagreement") -> dict[str, Any]:
    return {
        "prompt": found.one.prompt,
        "first_text": found.one.first_text,
        "second_text": found.one.second_text,
        "one": _placed(found.one, found.shares[0]),
        "two": _placed(found.two, found.shares[1]),
    }


def _placed(match: "PlacedMatch", share: float) -> PlacedShape:
    return {
        "tournament": match.tournament,
        "match": match.name,
        "first": match.first_key,
        "second": match.second_key,
        "winner": match.judged_winner_key,
        "decided_by": match.decided_by,
        "share": share,
    }
