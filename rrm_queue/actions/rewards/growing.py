"""Cohorts whose answers are judged as they arrive: their tournaments begin with the second text."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rrm_queue.actions.open_jobs import needs_of_job
from rrm_queue.actions.rewards.asked import Group, distinct, fitting
from rrm_queue.coordinator.gathering import Came, add_answers, begin
from rrm_queue.coordinator.growth import may_gather
from rrm_queue.domain import Candidate, JobId, Tournament, TournamentId
from rrm_queue.store.database import Transaction
from rrm_queue.store.queue import appending, cohorts, gathering
from rrm_queue.store.queue.appending import OpenJob
from rrm_queue.store.queue.cohorts import Sample
from rrm_queue.views.cohorts import CohortId, CohortView


class Growing(NamedTuple):
    """A locked cohort with its job and with the answers that have come, as a group."""

    view: CohortView
    job: OpenJob
    group: Group


class Grown(NamedTuple):
    """What was added: the tournaments that cohorts have now, and how much each job has more."""

    begun: dict[CohortId, TournamentId]
    tournaments: Counter[JobId]
    candidates: Counter[JobId]


def group_of(view: CohortView, answers: Iterable[Sample]) -> Group:
    """The answers of a cohort that have come, as a group that is named after it."""
    come = sorted(answers, key=lambda one: one.place)
    candidates = distinct((one.place, Candidate("", one.text, gold=one.gold)) for one in come)
    tournament = Tournament(
        key=f"group:{view.name}",
        prompt=view.prompt,
        candidates=candidates,
        line=0,
        reference=view.reference,
        criteria=view.criteria,
    )
    return Group(tournament, len(come))


def grow(tx: Transaction, growing: Sequence[Growing]) -> Grown:
    """Lets all pairs of what has come of locked cohorts be judged.

    A cohort that has no tournament gets one, if its job's strategy allows it, its answers differ
    and more of them are awaited. The jobs are counted later, by `count`.
    """
    grown = Grown({}, Counter(), Counter())
    new: dict[JobId, list[Growing]] = defaultdict(list)
    for one in growing:
        if _may_begin(one):
            new[one.job.id].append(one)
    for _, of_job in sorted(new.items()):
        _begin(tx, of_job, grown)
    came = [
        Came(one.view.tournament, one.view.size, one.group.tournament.candidates)
        for one in growing
        if one.view.tournament is not None
    ]
    grown.candidates.update(add_answers(tx, came))
    return grown


def count(tx: Transaction, grown: Grown) -> None:
    """Counts what was added; late in a transaction that has locked the jobs."""
    for job in sorted({*grown.tournaments, *grown.candidates}):
        if grown.tournaments[job]:
            appending.count_appended(tx, job, grown.tournaments[job], grown.candidates[job])
        elif grown.candidates[job]:
            gathering.count_candidates(tx, job, grown.candidates[job])


def _may_begin(one: Growing) -> bool:
    view, job = one.view, one.job
    return (
        view.tournament is None
        and view.came < view.size
        and view.left > 0
        and not one.group.equal
        and job.open
        and may_gather(job.strategy, view.size)
    )


def _begin(tx: Transaction, of_job: Sequence[Growing], grown: Grown) -> None:
    """Begins the tournaments of a job's cohorts, but none whose name the job has already.

    With its last answer such a cohort joins what is there, or is refused.
    """
    job = of_job[0].job
    needs = needs_of_job(job)
    tournaments = [fitting(needs, one.group).tournament for one in of_job]
    added = appending.append(tx, job.id, job.seed, tournaments)
    begun = [
        (one.view, there.tournament, tournament.candidates)
        for one, tournament, there in zip(of_job, tournaments, added, strict=True)
        if there.new
    ]
    if not begun:
        return
    begin(tx, [Came(id_, view.size, candidates) for view, id_, candidates in begun])
    ours = {view.id: id_ for view, id_, _ in begun}
    cohorts.begin_tournaments(tx, ours)
    grown.begun.update(ours)
    grown.tournaments[job.id] += len(begun)
    grown.candidates[job.id] += sum(len(candidates) for _, _, candidates in begun)
