"""Single answers are gathered into cohorts, and a cohort that is whole becomes a group.

A cohort lives in the store. So any server may take any answer of it, a repeated request finds its
place, and the death of a server loses nothing.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import NamedTuple

from msgspec.structs import replace

from rrm_queue.actions.app import App
from rrm_queue.actions.open_jobs import needs_of_job
from rrm_queue.actions.rewards.asked import Group, fitting
from rrm_queue.actions.rewards.cohort_waiting import Judged
from rrm_queue.actions.rewards.growing import Growing, count, group_of, grow
from rrm_queue.actions.rewards.joining import Joined, Joiner, Joining
from rrm_queue.actions.rewards.placing import Placing
from rrm_queue.actions.rewards.sample_asked import Gathered
from rrm_queue.actions.rewards.series import Place, Taken
from rrm_queue.coordinator.gathering import MOST_OVERDUE, ending, settle
from rrm_queue.domain import Tournament
from rrm_queue.errors import RrmqError
from rrm_queue.store.database import Transaction
from rrm_queue.store.queue import appending, cohorts, counters, gathering
from rrm_queue.store.queue.appending import OpenJob
from rrm_queue.store.queue.cohorts import Sample
from rrm_queue.views.cohorts import FEWEST_ANSWERS, CohortId, CohortState, CohortView

log = logging.getLogger(__name__)

Expect = Callable[[Sequence[CohortView]], Sequence[Judged]]
"""Says what will have come of each of the cohorts."""


class Held(NamedTuple):
    """An answer in the store, with its cohort as it is now; `judged` will tell what came of it."""

    cohort: CohortView
    place: int
    judged: Judged


class Gatherer:
    """Puts answers into their cohorts, many in one transaction."""

    def __init__(self, app: App, joiner: Joiner) -> None:
        self.taken = Taken()
        self._app = app
        self._joiner = joiner

    def place(self, asked: Sequence[Gathered], expect: Expect) -> list[Held | RrmqError]:
        """What became of each answer: an error where it has no place.

        `expect` is called before the commit, so that no notice of a cohort is missed. Raises what
        keeps all answers from being stored; then none is.
        """
        try:
            return self._place(asked, expect)
        except Exception:
            self._joiner.forget_jobs()
            if len(asked) > 1 or isinstance(asked[0].job, str):
                raise
        return self._place(asked, expect)  # its own job was closed or deleted: another is made

    def expire(self, late: Sequence[CohortId]) -> None:
        """Judges or refuses those of the cohorts whose deadline is over."""
        self._expire(lambda tx: cohorts.lock_late(tx, late))

    def expire_overdue(self) -> None:
        """Judges or refuses cohorts whose deadline is over, also those that nobody waits for."""
        self._expire(lambda tx: cohorts.lock_overdue(tx, MOST_OVERDUE))

    def _expire(self, lock: Callable[[Transaction], Sequence[CohortView]]) -> None:
        with self._app.begin() as tx:
            views = {view.id: view for view in lock(tx)}
            joined = self._go_on(tx, views, cohorts.samples(tx, views), {})
        self._joiner.tell(joined)

    def _place(self, asked: Sequence[Gathered], expect: Expect) -> list[Held | RrmqError]:
        with ExitStack() as failed:
            with self._app.begin() as tx:
                jobs = self._jobs(tx, asked)
                placing = Placing(tx, self.taken)
                places = iter(placing.place(_with_jobs(asked, jobs)))
                found = [next(places) if isinstance(job, OpenJob) else job for job in jobs]
                joined = self._go_on(tx, placing.views, placing.there, placing.jobs)
                held = _held(found, placing.views, expect)
                failed.callback(_cancel, held)
            failed.pop_all()
        self._joiner.tell(joined)
        for one in held:
            if isinstance(one, Held):
                self.taken.begin((one.cohort.id, one.place))
        return held

    def _jobs(self, tx: Transaction, asked: Sequence[Gathered]) -> list[OpenJob | RrmqError]:
        """The job of each answer, or why there is none or it cannot judge such an answer."""
        known: dict[str, OpenJob] = {}
        jobs: list[OpenJob | RrmqError] = []
        for one in asked:
            word = one.job if isinstance(one.job, str) else one.job.key
            try:
                if word not in known:
                    known[word] = self._joiner.job_of(tx, one.job)
                fitting(needs_of_job(known[word]), Group(_example(one), FEWEST_ANSWERS))
                jobs.append(known[word])
            except RrmqError as error:
                jobs.append(error)
        return jobs

    def _go_on(
        self,
        tx: Transaction,
        views: dict[CohortId, CohortView],
        there: Mapping[CohortId, Mapping[int, Sample]],
        jobs: Mapping[CohortId, OpenJob],
    ) -> list[Joined | RrmqError]:
        """Judges what has come of locked cohorts that gather, and ends those that are over.

        `views` are updated; `there` are the answers that have come. `jobs` are those of cohorts
        that have new answers. What became of groups that are judged from now on.
        """
        going = [view for view in views.values() if view.state is CohortState.GATHERING]
        groups = {view.id: group_of(view, there[view.id].values()) for view in going}
        growing = [v for v in going if v.id in jobs]
        grown = grow(tx, [Growing(view, jobs[view.id], groups[view.id]) for view in growing])
        for cohort, tournament in grown.begun.items():
            views[cohort] = views[cohort]._replace(tournament=tournament)
        ended = [view for view in views.values() if _is_over(view)]
        counts = settle(tx, [view for view in ended if view.tournament is not None])
        gathering.lock_jobs(tx, {view.job for view in going})
        count(tx, grown)
        for job, of_job in sorted(counts.items()):
            counters.count_for_job(tx, job, of_job)
        views |= {view.id: view._replace(state=ending(view)) for view in ended}
        return self._join(tx, [view for view in ended if view.tournament is None], views, groups)

    def _join(
        self,
        tx: Transaction,
        ended: Sequence[CohortView],
        views: dict[CohortId, CohortView],
        groups: Mapping[CohortId, Group],
    ) -> list[Joined | RrmqError]:
        """Ends cohorts of which nothing is judged yet: they become groups, or are refused."""
        open_ = {job: appending.read_open_job(tx, job).open for job in {v.job for v in ended}}
        for view in ended:
            if not open_[view.job]:
                views[view.id] = view._replace(state=CohortState.REFUSED)
        judged = [view for view in ended if views[view.id].state is CohortState.JUDGED]
        joining = [view for view in judged if not groups[view.id].equal]
        joined = self._joiner.join_in(tx, [Joining(groups[view.id], view.job) for view in joining])
        for view, result in zip(joining, joined, strict=True):
            if isinstance(result, RrmqError):
                log.error("group '%s' of job %s is refused: %s", view.name, view.job, result)
                views[view.id] = view._replace(state=CohortState.REFUSED)
            else:
                views[view.id] = views[view.id]._replace(tournament=result.tournament)
        cohorts.settle(tx, [(v.id, views[v.id].state, views[v.id].tournament) for v in ended])
        return joined


def _is_over(view: CohortView) -> bool:
    """Whether a cohort gathers no longer."""
    return view.state is CohortState.GATHERING and (view.came == view.size or view.left <= 0)


def _with_jobs(
    asked: Sequence[Gathered], jobs: Sequence[OpenJob | RrmqError]
) -> list[tuple[Gathered, OpenJob]]:
    """The answers that have a job, with it."""
    pairs = zip(asked, jobs, strict=True)
    return [(one, job) for one, job in pairs if isinstance(job, OpenJob)]


def _held(
    found: Sequence[Place | RrmqError], views: Mapping[CohortId, CohortView], expect: Expect
) -> list[Held | RrmqError]:
    """The places with their cohorts as they are after all answers were added."""
    cohorts_ = [views[one[0]] for one in found if not isinstance(one, RrmqError)]
    judged = iter(expect(cohorts_))
    return [
        one if isinstance(one, RrmqError) else Held(views[one[0]], one[1], next(judged))
        for one in found
    ]


def _cancel(held: Sequence[Held | RrmqError]) -> None:
    """Nobody waits for answers that were not stored."""
    for one in held:
        if isinstance(one, Held):
            one.judged.cancel()


def _example(one: Gathered) -> Tournament:
    """A tournament of two such answers, to see whether the judge can decide between them."""
    candidates = tuple(replace(one.answer, key=str(place)) for place in range(FEWEST_ANSWERS))
    return Tournament(one.name, one.prompt, candidates, 0, one.reference, criteria=one.criteria)
