"""Rewards for many callers at once: groups join open jobs, and their results are waited for.

A process has one service. It keeps a thread that stores what callers ask for, and one that listens
to the store. All it gives are futures: a thread waits for them as well as an event loop.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from threading import Lock
from typing import Any, Self

from rrm_queue.actions.app import App
from rrm_queue.actions.judges import JudgeFiles
from rrm_queue.actions.rewards.asked import (
    Group,
    OwnJob,
    RewardRequest,
    fitting,
    group_of,
    own_job,
    refuse_options,
)
from rrm_queue.actions.rewards.cohort_waiting import CohortWaiting
from rrm_queue.actions.rewards.gathering import Gatherer, Held
from rrm_queue.actions.rewards.group_commit import GroupCommit
from rrm_queue.actions.rewards.joining import Joined, Joiner, Joining
from rrm_queue.actions.rewards.sample_asked import Gathered, SampleRequest, gathered_of
from rrm_queue.actions.rewards.waiting import Listening, Waiting
from rrm_queue.actions.settings import settings_fingerprint
from rrm_queue.errors import RrmqError
from rrm_queue.store.listening import Notice
from rrm_queue.store.views.groups import find_group
from rrm_queue.store.views.jobs import find_open_job

CARE = 5.0
"""Seconds between two looks at whether the local stack's processes run."""


class RewardService:
    """Takes groups and tells what came of them. It does not close the App that it is given.

    `files` are the judges' files that requests may name.
    """

    def __init__(self, app: App, files: JudgeFiles) -> None:
        self.app = app
        self._files = files
        self.waiting = Waiting(app)
        self.joiner = Joiner(app, self.waiting)
        self._gatherer = Gatherer(app, self.joiner)
        self.cohorts = CohortWaiting(app, self.waiting, self._gatherer.expire)
        self._joining = GroupCommit[Joining, Joined]("joining", self._join)
        self._gathering = GroupCommit[Gathered, Held]("gathering", self._hold)
        self._listening = Listening(app, self._hear, self._sweep, self.cohorts.glance)
        self._lock = Lock()
        self._care_at: dict[bool, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the threads; what was given before is stored."""
        self._joining.close()
        self._gathering.close()
        self._listening.close()

    def prepare(self, request: RewardRequest) -> tuple[Group, OwnJob | str]:
        """The request, checked, with its job. Raises BadInput and UsageFault.

        It asks no server, but it may read a judge's file.
        """
        refuse_options(request.job, request.options)
        group = group_of(request)
        if request.job is not None:
            return group, request.job
        answers = len(group.tournament.candidates)
        job = self.own_job(request.options, answers)
        fitting(job.needs, group)
        return group, job

    def join(self, group: Group, job: OwnJob | str) -> Future[Joined]:
        """The group in the store, joined to the same one if it is there. Many share a transaction.

        The future raises Conflict, JobNotFound, JobNotOpen, BadInput and StoreUnavailable.
        """
        return self._joining.submit(Joining(group, job))

    def prepare_sample(self, request: SampleRequest) -> Gathered:
        """The answer of a cohort, checked. Raises BadInput and UsageFault; as `prepare`."""
        refuse_options(request.job, request.options)
        job = request.job or self.own_job(request.options, request.size)
        return gathered_of(request, job)

    def gather(self, answer: Gathered) -> Future[Held]:
        """The answer at its place in its cohort. Many share a transaction.

        The future raises what that of `join` raises, and CohortRefused for an answer that is late.
        """
        return self._gathering.submit(answer)

    def leave(self, held: Held, *, given: bool) -> None:
        """Called when the caller waits no longer; `given` when it gets its reward."""
        self._gatherer.taken.end((held.cohort.id, held.place), given=given)

    def abandon(self, gathering: Future[Held]) -> None:
        """Leaves a place that was found after its caller had gone."""
        if not gathering.cancelled() and gathering.exception() is None:
            self.leave(gathering.result(), given=False)

    def find(self, job: str, key: str) -> Joined:
        """A group that was asked for before. Raises JobNotFound and TournamentNotFound."""
        with self.app.begin() as tx:
            found = find_open_job(tx, job)
            tournament = find_group(tx, found, key)
        judged = self.waiting.expect(tournament, found)
        joined = Joined(found, tournament, key, judged, new=False, look=True)
        self.joiner.tell([joined])
        return joined

    def own_job(self, options: Mapping[str, Any], answers: int) -> OwnJob:
        """The open job that requests with these options share. Raises UsageFault."""
        return own_job(options, answers, self.app.settings.openai_base_url, self._files)

    def _join(self, asked: Sequence[Joining]) -> Sequence[Joined | RrmqError]:
        self._care(one.job for one in asked)
        return self.joiner.join(asked)

    def _care(self, jobs: Iterable[OwnJob | str]) -> None:
        """Starts the local stack's processes where they do not run; not for every request."""
        for has_endpoint in {isinstance(job, OwnJob) and job.has_endpoint for job in jobs}:
            with self._lock:
                if time.monotonic() < self._care_at.get(has_endpoint, 0.0):
                    continue
                fingerprint = settings_fingerprint(self.app.settings) if has_endpoint else ""
                self.app.ensure_processes(fingerprint)
                self._care_at[has_endpoint] = time.monotonic() + CARE

    def _hold(self, answers: Sequence[Gathered]) -> Sequence[Held | RrmqError]:
        self._care(one.job for one in answers)
        held = self._gatherer.place(answers, self.cohorts.expect)
        cohorts = {one.cohort.id: one.cohort for one in held if isinstance(one, Held)}
        self.cohorts.go_on(cohorts.values())
        return held

    def _hear(self, notice: Notice) -> None:
        self.waiting.hear(notice)
        self.cohorts.hear(notice)

    def _sweep(self) -> None:
        self._gatherer.expire_overdue()
        self.waiting.sweep()
        self.cohorts.sweep()
