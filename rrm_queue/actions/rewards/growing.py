"""Cohorts whose answers are judged as they arrive: their tournaments begin with the second text."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rrm_queue.actions.open_jobs import needs_of_job
from rrm_queue.actions.rewards.asked import Group, distinct, fitting
from rrm_queue.coordinator.gathering import Came, add_answers, begin
from rrm_queue.coordinator.growth import may_gather
from rrm_queue.domain import Candidate, JobId, Tournament, TournamentId
from rrm_queue.store.database import Transaction
from rrm_queue.store.queue import appending, cohorts, gathering
from rrm_queue.store.queue.appending import OpenJob
from rrm_queue.views.cohorts import CohortId, CohortView


class Grown(NamedTuple):
    """What was added: the tournaments that cohorts have now, and how much each job has more."""

    begun: dict[CohortId, TournamentId]
    tournaments: Counter[JobId]
    candidates: Counter[JobId]


def group_of(tx: Transaction, view: CohortView) -> Group:
    """The answers of a cohort that have come, as a group that is named after it."""
    answers = cohorts.samples(tx, view.id)
    candidates = distinct((one.place, Candidate("", one.text, gold=one.gold)) for one in answers)
    tournament = Tournament(
        key=f"group:{view.name}",
        prompt=view.prompt,
        candidates=candidates,
        line=0,
        reference=view.reference,
        criteria=view.criteria,
    )
    return Group(tournament, len(answers))


def grow(tx: Transaction, views: Sequence[CohortView], jobs: Mapping[CohortId, OpenJob]) -> Grown:
    """Lets all pairs of what has come of locked cohorts be judged.

    A cohort that has no tournament gets one, if its job's strategy allows it, its answers differ
    and more of them are awaited. The jobs are counted later, by `count`.
    """
    grown = Grown({}, Counter(), Counter())
    groups = {view.id: group_of(tx, view) for view in views}
    going = [view for view in views if view.tournament is not None]
    new = [
        view
        for view in views
        if view.tournament is None
        and view.came < view.size
        and view.left > 0
        and not groups[view.id].equal
        and jobs[view.id].open
        and may_gather(jobs[view.id].strategy, view.size)
    ]
    for view in new:
        _begin(tx, jobs[view.id], view, groups[view.id], grown)
    grown.candidates.update(
        add_answers(
            tx,
            [
                Came(view.tournament, view.size, groups[view.id].tournament.candidates)
                for view in going
                if view.tournament is not None
            ],
        )
    )
    return grown


def count(tx: Transaction, grown: Grown) -> None:
    """Counts what was added; late in a transaction that has locked the jobs."""
    for job in sorted({*grown.tournaments, *grown.candidates}):
        if grown.tournaments[job]:
            appending.count_appended(tx, job, grown.tournaments[job], grown.candidates[job])
        elif grown.candidates[job]:
            gathering.count_candidates(tx, job, grown.candidates[job])


def _begin(tx: Transaction, job: OpenJob, view: CohortView, group: Group, grown: Grown) -> None:
    """Begins the tournament of a cohort, unless its job has another one under this name."""
    tournament = fitting(needs_of_job(job), group).tournament
    (added,) = appending.append(tx, job.id, job.seed, [tournament])
    if not added.new:
        return  # with its last answer the cohort joins it, or is refused
    begin(tx, Came(added.tournament, view.size, tournament.candidates))
    cohorts.begin_tournament(tx, view.id, added.tournament)
    grown.begun[view.id] = added.tournament
    grown.tournaments[job.id] += 1
    grown.candidates[job.id] += len(tournament.candidates)
