"""Groups whose pairs are judged as their answers arrive: tournaments that gather.

A server adds the answers that came, with their matches, in one transaction: so the tournament
always has all matches between its candidates, whenever a server dies. What gathers is never
planned or closed; with its last answer, or at its cohort's deadline, it runs on as any other.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rrm_queue.coordinator.growth import Growth, growth
from rrm_queue.coordinator.plan import advance
from rrm_queue.coordinator.rate import closed_counts
from rrm_queue.domain import Candidate, CandidateNumber, JobId, TournamentId, TournamentState
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.queue import closing, cohorts, counters, gathering, planning
from rrm_queue.store.queue.counters import Counts
from rrm_queue.views.cohorts import FEWEST_ANSWERS, CohortState, CohortView, Partial

MOST_OVERDUE = 100
"""Cohorts beyond their deadline that one look settles."""


class Came(NamedTuple):
    """The answers of a group that have come, of `places`; a candidate's key names its places."""

    tournament: TournamentId
    places: int
    answers: tuple[Candidate, ...]


def begin(tx: Transaction, groups: Sequence[Came]) -> None:
    """Lets tournaments gather that this transaction added with these answers."""
    ids = [group.tournament for group in groups]
    gathering.begin_gathering(tx, ids)
    seeds = {tournament.id: tournament.seed for tournament in planning.lock_by_id(tx, ids)}
    planning.insert_matches(
        tx,
        [
            (id_, pairing)
            for id_, places, answers in groups
            for pairing in growth([], answers, places, seeds[id_]).pairings
        ],
    )


def add_answers(tx: Transaction, groups: Sequence[Came]) -> Mapping[JobId, int]:
    """Adds those of the answers to tournaments that they do not have, with all their matches.

    How many candidates each job has more; they are counted later, by `count_candidates`. A
    tournament that has failed gets its matches too, for when it is tried again.
    """
    if not groups:
        return {}
    ids = [group.tournament for group in groups]
    tournaments = {t.id: t for t in planning.lock_by_id(tx, ids)}
    there = gathering.gathered(tx, ids)
    grown: dict[TournamentId, Growth] = {}
    added = Counter[JobId]()
    for id_, places, answers in groups:
        grown[id_] = growth(there[id_], answers, places, tournaments[id_].seed)
        added[tournaments[id_].job] += len(grown[id_].new)
    gathering.add_candidates(
        tx,
        [
            (id_, CandidateNumber(number), one)
            for id_, of in grown.items()
            for number, one in enumerate(of.new, start=len(there[id_]))
        ],
    )
    renamed = [(id_, *of_one) for id_, of in grown.items() for of_one in of.renamed]
    gathering.rename_candidates(tx, renamed)
    planning.insert_matches(
        tx, [(id_, pairing) for id_, of in grown.items() for pairing in of.pairings]
    )
    failed = [t.id for t in tournaments.values() if t.state is TournamentState.FAILED]
    if failed:
        closing.cancel_ready(tx, failed)
    return added


def settle(tx: Transaction, ended: Sequence[CohortView]) -> dict[JobId, Counts]:
    """Ends the gathering of locked cohorts that have tournaments: each runs on, or is refused.

    What that adds to the counters of each job, by `count_for_job`: a tournament ends here if it is
    refused, or if all its matches were decided before its last answer came.
    """
    counts: dict[JobId, Counts] = {}
    if not ended:
        return counts  # as nearly always
    states = {view.tournament: ending(view) for view in ended if view.tournament is not None}
    tournaments = planning.lock_by_id(tx, states)
    whole = [t for t in tournaments if states[t.id] is CohortState.JUDGED]
    gathering.end_gathering(tx, [t.id for t in whole])
    running = [
        t._replace(state=TournamentState.RUNNING)
        for t in whole
        if t.state is TournamentState.GATHERING and t.planned == t.decided
    ]
    done = set(advance(tx, running))
    refused = [
        (view.tournament, refusal(view))
        for view in ended
        if view.tournament is not None and ending(view) is CohortState.REFUSED
    ]
    failed = closing.fail_tournaments(tx, refused) if refused else set()
    for t in tournaments:
        if t.id in done:
            counts[t.job] = counts.get(t.job, Counts()) + closed_counts(tx, t)
        if t.id in failed:
            counts[t.job] = counts.get(t.job, Counts()) + Counts(tournaments_failed=1)
    cohorts.settle(tx, [(view.id, ending(view), view.tournament) for view in ended])
    return counts


def ending(view: CohortView) -> CohortState:
    """What becomes of a cohort that gathers no longer."""
    judged = view.came == view.size or (
        view.partial is Partial.JUDGE and view.came >= FEWEST_ANSWERS
    )
    return CohortState.JUDGED if judged else CohortState.REFUSED


def refusal(view: CohortView) -> str:
    """Why a cohort is not judged."""
    if view.came == view.size:
        return f"group '{view.name}' is refused: its job was closed, or has another of this name"
    return f"group '{view.name}' had {view.came} of {view.size} answers at its deadline"


def settle_overdue(database: Database) -> None:
    """Settles cohorts that have a tournament and whose deadline is over.

    Servers do so for those who wait. This is for those whose clients and servers are gone: their
    job could never end.
    """
    with database.begin() as tx:
        overdue = cohorts.lock_overdue(tx, MOST_OVERDUE, begun=True)
        for job, counts in sorted(settle(tx, overdue).items()):
            counters.count_for_job(tx, job, counts)
