"""Answers find their places in cohorts.

All cohorts that a transaction adds to are locked and read together, and the answers are added
together: so it takes as many statements for a hundred answers as for one.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from secrets import token_hex

from rrm_queue.actions.rewards.sample_asked import Gathered
from rrm_queue.actions.rewards.series import Place, Taken, place_in
from rrm_queue.domain import JobId
from rrm_queue.errors import CohortRefused, Conflict, JobNotOpen, RrmqError
from rrm_queue.store.database import Transaction
from rrm_queue.store.queue import cohorts
from rrm_queue.store.queue.appending import OpenJob
from rrm_queue.store.queue.cohorts import NewCohort, Sample
from rrm_queue.views.cohorts import CohortId, CohortState, CohortView

Named = tuple[JobId, str]
"""A cohort or a series of them, by its job and its name there."""


class Placing:
    """The cohorts that a transaction has locked, and the answers that it adds to them.

    `there` are the answers of each cohort, by place. `jobs` are those of the cohorts that have new
    answers. `taken` are the places of series that somebody waits for.
    """

    def __init__(self, tx: Transaction, taken: Taken) -> None:
        self.views: dict[CohortId, CohortView] = {}
        self.there: dict[CohortId, dict[int, Sample]] = {}
        self.jobs: dict[CohortId, OpenJob] = {}
        self._tx = tx
        self._taken = taken
        self._begun: set[Place] = set()
        self._named: dict[Named, CohortId] = {}
        self._newest: dict[Named, CohortId | None] = {}
        self._new: list[tuple[CohortId, Sample]] = []

    def place(self, asked: Sequence[tuple[Gathered, OpenJob]]) -> list[Place | RrmqError]:
        """Where each answer is, which goes to a cohort of its job; an error where it has no place.

        Called once.
        """
        # In this order everywhere: two servers that lock cohorts never wait for each other.
        order = sorted(range(len(asked)), key=lambda n: (asked[n][0].name, asked[n][1].id))
        named: dict[Named, NewCohort] = {}
        for one, job in (asked[number] for number in order):
            if not one.in_series:
                named.setdefault((job.id, one.name), _cohort(one, job))
        self._keep(cohorts.lock_cohorts(self._tx, list(named.values())))
        results: dict[int, Place | RrmqError] = {}
        for number in order:
            one, job = asked[number]
            find = self._find_in_series if one.in_series else self._find
            try:
                results[number] = self._add(one, job, *find(one, job))
            except RrmqError as error:
                results[number] = error
        cohorts.add_samples(self._tx, self._new)
        return [results[number] for number in range(len(asked))]

    def _keep(self, views: Sequence[CohortView]) -> None:
        self.views |= {view.id: view for view in views}
        self.there |= cohorts.samples(self._tx, [view.id for view in views])
        self._named |= {(view.job, view.name): view.id for view in views}

    def _find(self, one: Gathered, job: OpenJob) -> Place:
        """The place of an answer in its cohort. Raises Conflict and CohortRefused."""
        view = self.views[self._named[job.id, one.name]]
        _refuse_another(view, one)
        there = self.there[view.id]
        place = _place_of(one, there)
        late = view.state is not CohortState.GATHERING or view.left <= 0
        if place not in there and late:
            raise CohortRefused(f"the answer came after the deadline of group '{one.name}'")
        return view.id, place

    def _find_in_series(self, one: Gathered, job: OpenJob) -> Place:
        """The place of an answer in the newest cohort of its series, or in a new one."""
        series = job.id, one.name
        if series not in self._newest:
            newest = cohorts.lock_newest(self._tx, *series)
            self._keep([newest] if newest else [])
            self._newest[series] = newest and newest.id
        cohort, place = self._newest[series], None
        if cohort is not None:
            texts = {at: sample.text for at, sample in self.there[cohort].items()}
            taken = partial(self._is_taken, cohort)
            place = place_in(self.views[cohort], texts, one.answer.text, one.at, taken)
        if cohort is None or place is None:
            name = f"{one.name}:{token_hex(6)}"
            new = _cohort(one, job)._replace(name=name, series=one.name)
            self._keep(cohorts.lock_cohorts(self._tx, [new]))
            cohort, place = self._named[job.id, name], one.at or 0
            self._newest[series] = cohort
        self._begun.add((cohort, place))
        return cohort, place

    def _is_taken(self, cohort: CohortId, place: int) -> bool:
        return (cohort, place) in self._begun or (cohort, place) in self._taken

    def _add(self, one: Gathered, job: OpenJob, cohort: CohortId, place: int) -> Place:
        """Adds the answer if it is not there yet. Raises JobNotOpen."""
        view, there = self.views[cohort], self.there[cohort]
        if place in there:
            return cohort, place
        if not job.open and view.tournament is None:
            raise JobNotOpen(job.id)  # a group that is judged already goes on
        there[place] = sample = Sample(place, one.answer.text, one.answer.gold)
        self._new.append((cohort, sample))
        self.views[cohort] = view._replace(came=view.came + 1)
        self.jobs[cohort] = job
        return cohort, place


def _cohort(one: Gathered, job: OpenJob) -> NewCohort:
    return NewCohort(
        job.id,
        one.name,
        one.size,
        one.prompt,
        one.reference,
        one.criteria,
        one.partial,
        one.timeout,
    )


def _place_of(one: Gathered, there: Mapping[int, Sample]) -> int:
    """The place of an answer, given or free. Raises Conflict when another answer is there."""
    text = one.answer.text
    if one.at is None:
        same = [place for place, said in there.items() if said.text == text]
        free = [place for place in range(one.size) if place not in there]
        if not same and not free:
            raise Conflict(f"group '{one.name}' has its {one.size} answers; this is another one")
        return (same or free)[0]
    if one.at in there and there[one.at].text != text:
        raise Conflict(f"group '{one.name}' has another answer at index {one.at}")
    return one.at


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
