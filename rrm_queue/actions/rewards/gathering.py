"""Single answers are gathered into cohorts, and a cohort that is whole becomes a group.

A cohort lives in the store. So any server may take any answer of it, a repeated request finds its
place, and the death of a server loses nothing.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from secrets import token_hex
from typing import NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.actions.open_jobs import needs_of_job
from rrm_queue.actions.rewards.asked import Group, fitting
from rrm_queue.actions.rewards.growing import count, group_of, grow
from rrm_queue.actions.rewards.joining import Joined, Joiner, Joining
from rrm_queue.actions.rewards.sample_asked import Gathered
from rrm_queue.actions.rewards.series import Place, Taken, place_in
from rrm_queue.coordinator.gathering import MOST_OVERDUE, ending, settle
from rrm_queue.domain import Tournament
from rrm_queue.errors import CohortRefused, Conflict, JobNotOpen, RrmqError
from rrm_queue.store.database import Transaction
from rrm_queue.store.queue import appending, cohorts, counters, gathering
from rrm_queue.store.queue.appending import OpenJob
from rrm_queue.store.queue.cohorts import NewCohort, Sample
from rrm_queue.views.cohorts import FEWEST_ANSWERS, CohortId, CohortState, CohortView

log = logging.getLogger(__name__)


class Placed(NamedTuple):
    """An answer in the store; `cohort` as it is now. `new`: the answer was not there before."""

    cohort: CohortView
    place: int
    new: bool


class Gatherer:
    """Puts answers into their cohorts, many in one transaction."""

    def __init__(self, app: App, joiner: Joiner) -> None:
        self.taken = Taken()
        self._app = app
        self._joiner = joiner

    def place(self, asked: Sequence[Gathered]) -> list[Placed | RrmqError]:
        """What became of each answer: an error where it has no place.

        Raises what keeps all of them from being stored; then none is.
        """
        try:
            return self._place(asked)
        except Exception:
            self._joiner.forget_jobs()
            if len(asked) > 1 or isinstance(asked[0].job, str):
                raise
        return self._place(asked)  # its own job was closed or deleted: another one is made

    def expire(self, late: Sequence[CohortId]) -> None:
        """Judges or refuses those of the cohorts whose deadline is over."""
        self._expire(lambda tx: cohorts.lock_late(tx, late))

    def expire_overdue(self) -> None:
        """Judges or refuses cohorts whose deadline is over, also those that nobody waits for."""
        self._expire(lambda tx: cohorts.lock_overdue(tx, MOST_OVERDUE))

    def _expire(self, lock: Callable[[Transaction], Sequence[CohortView]]) -> None:
        with self._app.begin() as tx:
            joined = self._go_on(tx, {view.id: view for view in lock(tx)}, {})
        self._joiner.tell(joined)

    def _place(self, asked: Sequence[Gathered]) -> list[Placed | RrmqError]:
        results: dict[int, Placed | RrmqError] = {}
        views: dict[CohortId, CohortView] = {}
        jobs: dict[CohortId, OpenJob] = {}
        begun: set[Place] = set()
        with self._app.begin() as tx:
            # In this order everywhere: two servers that lock cohorts never wait for each other.
            for number in sorted(range(len(asked)), key=lambda n: _lock_order(asked[n])):
                try:
                    job = self._joiner.job_of(tx, asked[number].job)
                    results[number] = placed = self._add(tx, asked[number], job, begun)
                except RrmqError as error:
                    results[number] = error
                    continue
                views[placed.cohort.id] = placed.cohort
                if placed.new:
                    jobs[placed.cohort.id] = job
            joined = self._go_on(tx, views, jobs)
        self._joiner.tell(joined)
        for result in results.values():
            if isinstance(result, Placed):
                self.taken.begin((result.cohort.id, result.place))
        return [_now(results[number], views) for number in range(len(asked))]

    def _add(self, tx: Transaction, one: Gathered, job: OpenJob, begun: set[Place]) -> Placed:
        """The answer at its place. Raises BadInput, Conflict and CohortRefused.

        `begun` are the places that this transaction gave to answers of series.
        """
        fitting(needs_of_job(job), Group(_example(one), FEWEST_ANSWERS))
        new = NewCohort(
            job.id,
            one.name,
            one.size,
            one.prompt,
            one.reference,
            one.criteria,
            one.partial,
            one.timeout,
        )
        if one.in_series:
            return self._add_in_series(tx, new, one, job, begun)
        view = cohorts.lock_cohort(tx, new)
        _refuse_another(view, one)
        there = {sample.place: sample.text for sample in cohorts.samples(tx, view.id)}
        place = _place_of(one, there)
        if place in there:
            return Placed(view, place, new=False)
        if view.state is not CohortState.GATHERING or view.left <= 0:
            raise CohortRefused(f"the answer came after the deadline of group '{one.name}'")
        _refuse_closed(job, view)
        cohorts.add_sample(tx, view.id, Sample(place, one.answer.text, one.answer.gold))
        return Placed(view._replace(came=view.came + 1), place, new=True)

    def _add_in_series(
        self, tx: Transaction, new: NewCohort, one: Gathered, job: OpenJob, begun: set[Place]
    ) -> Placed:
        """The answer at its place in the newest cohort of its series, or in a new one."""
        view = cohorts.lock_newest(tx, new.job, one.name)
        there, place = {}, None
        if view is not None:
            there = {sample.place: sample.text for sample in cohorts.samples(tx, view.id)}
            taken = partial(self._is_taken, begun, view.id)
            place = place_in(view, there, one.answer.text, one.at, taken)
        if view is None or place is None:
            name = f"{one.name}:{token_hex(6)}"
            view = cohorts.lock_cohort(tx, new._replace(name=name, series=one.name))
            there, place = {}, one.at or 0
        begun.add((view.id, place))
        if place in there:
            return Placed(view, place, new=False)
        _refuse_closed(job, view)
        cohorts.add_sample(tx, view.id, Sample(place, one.answer.text, one.answer.gold))
        return Placed(view._replace(came=view.came + 1), place, new=True)

    def _is_taken(self, begun: set[Place], cohort: CohortId, place: int) -> bool:
        return (cohort, place) in begun or (cohort, place) in self.taken

    def _go_on(
        self, tx: Transaction, views: dict[CohortId, CohortView], jobs: Mapping[CohortId, OpenJob]
    ) -> list[Joined | RrmqError]:
        """Judges what has come of locked cohorts that gather, and ends those that are over.

        `views` are updated. `jobs` are those of cohorts that have new answers. What became of
        groups that are judged from now on.
        """
        going = [view for view in views.values() if view.state is CohortState.GATHERING]
        grown = grow(tx, [view for view in going if view.id in jobs], jobs)
        for cohort, tournament in grown.begun.items():
            views[cohort] = views[cohort]._replace(tournament=tournament)
        ended = [view for view in views.values() if _is_over(view)]
        counts = settle(tx, [view for view in ended if view.tournament is not None])
        gathering.lock_jobs(tx, {view.job for view in going})
        count(tx, grown)
        for job, of_job in sorted(counts.items()):
            counters.count_for_job(tx, job, of_job)
        views |= {view.id: view._replace(state=ending(view)) for view in ended}
        return self._join(tx, [view for view in ended if view.tournament is None], views)

    def _join(
        self, tx: Transaction, ended: Sequence[CohortView], views: dict[CohortId, CohortView]
    ) -> list[Joined | RrmqError]:
        """Ends cohorts of which nothing is judged yet: they become groups, or are refused."""
        open_ = {job: appending.read_open_job(tx, job).open for job in {v.job for v in ended}}
        for view in ended:
            if not open_[view.job]:
                views[view.id] = view._replace(state=CohortState.REFUSED)
        judged = [view for view in ended if views[view.id].state is CohortState.JUDGED]
        groups = {view.id: group_of(tx, view) for view in judged}
        joining = [view for view in judged if not groups[view.id].equal]
        joined = self._joiner.join_in(tx, [Joining(groups[view.id], view.job) for view in joining])
        for view, result in zip(joining, joined, strict=True):
            if isinstance(result, RrmqError):
                log.error("group '%s' of job %s is refused: %s", view.name, view.job, result)
                views[view.id] = view._replace(state=CohortState.REFUSED)
            else:
                views[view.id] = views[view.id]._replace(tournament=result.tournament)
        for view in ended:
            cohorts.settle(tx, view.id, views[view.id].state, views[view.id].tournament)
        return joined


def _is_over(view: CohortView) -> bool:
    """Whether a cohort gathers no longer."""
    return view.state is CohortState.GATHERING and (view.came == view.size or view.left <= 0)


def _place_of(one: Gathered, there: Mapping[int, str]) -> int:
    """The place of an answer, given or free. Raises Conflict when another answer is there."""
    text = one.answer.text
    if one.at is None:
        same = [place for place, said in there.items() if said == text]
        free = [place for place in range(one.size) if place not in there]
        if not same and not free:
            raise Conflict(f"group '{one.name}' has its {one.size} answers; this is another one")
        return (same or free)[0]
    if there.get(one.at, text) != text:
        raise Conflict(f"group '{one.name}' has another answer at index {one.at}")
    return one.at


def _refuse_closed(job: OpenJob, view: CohortView) -> None:
    """Raises JobNotOpen when a job takes no more groups; one that is judged already goes on."""
    if not job.open and view.tournament is None:
        raise JobNotOpen(job.id)


def _refuse_another(view: CohortView, one: Gathered) -> None:
    """Raises Conflict when the cohort of this name is another one."""
    for what, here, there in (
        ("size", one.size, view.size),
        ("prompt", one.prompt, view.prompt),
        ("reference", one.reference, view.reference),
        ("criteria", one.criteria, view.criteria),
    ):
        if here != there:
            raise Conflict(f"group '{one.name}' has another {what}; name each group differently")


def _now(result: Placed | RrmqError, views: Mapping[CohortId, CohortView]) -> Placed | RrmqError:
    """The place with its cohort as it is after all answers were added."""
    if isinstance(result, RrmqError):
        return result
    return result._replace(cohort=views[result.cohort.id])


def _lock_order(one: Gathered) -> tuple[str, str]:
    return one.name, one.job if isinstance(one.job, str) else one.job.key


def _example(one: Gathered) -> Tournament:
    """A tournament of two such answers, to see whether the judge can decide between them."""
    candidates = tuple(replace(one.answer, key=str(place)) for place in range(FEWEST_ANSWERS))
    return Tournament(one.name, one.prompt, candidates, 0, one.reference, criteria=one.criteria)
