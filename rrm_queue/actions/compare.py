"""Two jobs on the matches that they share: judge against judge, or model against people."""

from dataclasses import dataclass
from typing import NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.columns import MatchesByContent
from rrm_queue.diagnostics.comparison import JobAgreement, agreement_of, disagreements
from rrm_queue.diagnostics.shared_matches import SharedMatches, Side, shared_matches
from rrm_queue.domain import MatchId, Spent
from rrm_queue.errors import UsageFault
from rrm_queue.ratings.changes import RatingChanges, rating_changes
from rrm_queue.store.database import Transaction
from rrm_queue.store.views.content import matches_by_content, placed_matches
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.store.views.outcomes import job_generators
from rrm_queue.views.jobs import JobView
from rrm_queue.views.matches import PlacedMatch

SHOWN = 5
"""How many disagreements are read by default."""

MOST_SHOWN = 1000


class Disagreement(NamedTuple):
    """A pair whose outcome differs, as a match of either job.

    `shares` are each job's share of votes for the answer that is first in the first job's match,
    with one vote more for either side.
    """

    one: PlacedMatch
    two: PlacedMatch
    shares: tuple[float, float]


class JudgedSide(NamedTuple):
    """A job, how many matches its judge decided, and what the shared ones of them took.

    `cost` is that of the shared matches at the job's price of tokens: None without one.
    """

    view: JobView
    matches: int
    shared: Side
    cost: float | None


@dataclass(frozen=True, slots=True)
class JobComparison:
    """Two jobs on the `shared` pairs: the same prompt with the same two answers.

    `shared_prompts` counts the prompts of which both jobs decided matches.
    """

    one: JudgedSide
    two: JudgedSide
    shared: int
    prompts: int
    shared_prompts: int
    agreement: JobAgreement
    changes: RatingChanges
    disagreements: tuple[Disagreement, ...]


def compare(app: App, one: str, two: str, shown: int = SHOWN) -> JobComparison:
    """Compares two jobs by the votes so far, with up to `shown` disagreements.

    Raises JobNotFound, and UsageFault for one job twice.
    """
    if not 0 <= shown <= MOST_SHOWN:
        raise UsageFault(f"disagreements must be 0 to {MOST_SHOWN}, not {shown}")
    with app.begin() as tx:
        views = [view_job(tx, find_job(tx, job)) for job in (one, two)]
        if views[0].id == views[1].id:
            raise UsageFault(f"both are the job {views[0].id}: name two jobs")
        return _compared(tx, views, shown)


def _compared(tx: Transaction, views: list[JobView], shown: int) -> JobComparison:
    names = sorted({name for view in views for name in job_generators(tx, view.id)})
    held = [matches_by_content(tx, view.id, names) for view in views]
    shared = shared_matches(*held)
    sides = (shared.one, shared.two)
    judged = [
        JudgedSide(view, len(matches), side, _cost(view, side))
        for view, matches, side in zip(views, held, sides, strict=True)
    ]
    return JobComparison(
        judged[0],
        judged[1],
        len(shared),
        int(shared.prompts.max(initial=-1)) + 1,
        shared.shared_prompts,
        agreement_of(shared),
        rating_changes(
            names,
            shared.first_generators,
            shared.second_generators,
            (shared.one.outcomes, shared.two.outcomes),
            shared.prompts,
        ),
        _shown(tx, held, shared, shown),
    )


def _cost(view: JobView, side: Side) -> float | None:
    """What the shared matches' votes cost; None where time costs, which no match has of its own."""
    if view.price is None or view.price.by_time:
        return None
    return view.price.of(Spent(side.prompt_tokens, side.cached_tokens, side.completion_tokens))


def _shown(
    tx: Transaction, held: list[MatchesByContent], shared: SharedMatches, most: int
) -> tuple[Disagreement, ...]:
    rows = disagreements(shared, most)
    found: list[list[PlacedMatch]] = []
    for matches, side in zip(held, (shared.one, shared.two), strict=True):
        ids = [MatchId(number) for number in matches.matches[side.rows[rows]].tolist()]
        placed = {match.id: match for match in placed_matches(tx, ids)}
        found.append([placed[number] for number in ids])
    ones, twos = found
    turned = held[0].turned[shared.one.rows[rows]].tolist()
    shares = zip(shared.one.shares[rows].tolist(), shared.two.shares[rows].tolist(), strict=True)
    return tuple(
        Disagreement(one, two, (1 - mine, 1 - theirs) if back else (mine, theirs))
        for one, two, back, (mine, theirs) in zip(ones, twos, turned, shares, strict=True)
    )
