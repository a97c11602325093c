"""Groups become tournaments of open jobs: those of many callers in one transaction."""

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.actions.open_jobs import needs_of_job
from rrm_queue.actions.rewards.asked import Group, OwnJob, fitting
from rrm_queue.actions.rewards.waiting import Waiting
from rrm_queue.domain import JobId, JobState, Tournament, TournamentId
from rrm_queue.errors import Conflict, JobNotFound, RrmqError
from rrm_queue.store.database import Transaction
from rrm_queue.store.queue import appending
from rrm_queue.store.queue.appending import Appended, OpenJob
from rrm_queue.store.views.jobs import find_open_job
from rrm_queue.text import printable
from rrm_queue.views.groups import JudgedGroup


class Joining(NamedTuple):
    """A group and where it belongs: to its own job, or to the one that the caller names."""

    group: Group
    job: OwnJob | str


class Joined(NamedTuple):
    """A group in the store; `judged` will tell what came of it. `new`: it was not there before.

    `look`: it may be over, or held with its job, before anything is told of it.
    """

    job: JobId
    tournament: TournamentId
    key: str
    judged: Future[JudgedGroup]
    new: bool
    look: bool


class Jobs:
    """The open jobs of requests, kept so that they are not looked up for each."""

    def __init__(self) -> None:
        self._known: dict[str, OpenJob] = {}

    def find(self, tx: Transaction, job: OwnJob | str) -> OpenJob:
        """The job; one that is made for requests is made if it is not there. Raises JobNotFound."""
        word = job if isinstance(job, str) else job.key
        if word not in self._known:
            if isinstance(job, str):
                id_ = find_open_job(tx, job)
            else:
                id_, _ = appending.open_job(tx, job.job, job.key)
            self._known[word] = appending.read_open_job(tx, id_)
        return self._known[word]

    def forget(self) -> None:
        """Forgets all jobs: one of them may have been closed or deleted."""
        self._known.clear()


class Joiner:
    """Adds groups to their jobs, and lets `waiting` expect them."""

    def __init__(self, app: App, waiting: Waiting) -> None:
        self._app = app
        self._waiting = waiting
        self._jobs = Jobs()

    def join(self, asked: Sequence[Joining]) -> list[Joined | RrmqError]:
        """What became of each group: an error where it cannot join.

        Raises what keeps all of them from being stored; then none is.
        """
        try:
            return self._join(asked)
        except Exception:
            self.forget_jobs()
            if len(asked) > 1 or isinstance(asked[0].job, str):
                raise
        return self._join(asked)  # its own job was closed or deleted: another one is made

    def forget_jobs(self) -> None:
        """Looks jobs up anew from now on."""
        self._jobs.forget()

    def job_of(self, tx: Transaction, job: OwnJob | str) -> OpenJob:
        """The job as the store has it now. Raises JobNotFound.

        One that was made for requests is made again if it was closed or deleted.
        """
        with suppress(JobNotFound):
            known = appending.read_open_job(tx, self._jobs.find(tx, job).id)
            if known.open or isinstance(job, str):
                return known
        self._jobs.forget()
        return self._jobs.find(tx, job)

    def join_in(self, tx: Transaction, asked: Sequence[Joining]) -> list[Joined | RrmqError]:
        """`join` inside of a transaction, of which it is the last; `commit` follows it."""
        results: dict[int, Joined | RrmqError] = {}
        by_job: dict[JobId, list[int]] = defaultdict(list)
        jobs: dict[JobId, OpenJob] = {}
        groups: dict[int, Group] = {}
        for place, one in enumerate(asked):
            try:
                job = self._jobs.find(tx, one.job)
                groups[place] = fitting(needs_of_job(job), one.group)
            except RrmqError as error:
                results[place] = error
                continue
            jobs[job.id] = job
            by_job[job.id].append(place)
        for id_, places in sorted(by_job.items()):
            ours = [groups[place] for place in places]
            results |= zip(places, self._add(tx, jobs[id_], ours), strict=True)
        return [results[place] for place in range(len(asked))]

    def tell(self, joined: Sequence[Joined | RrmqError]) -> None:
        """Called after the commit: looks for what was over before. The store told coordinators."""
        groups = [one for one in joined if isinstance(one, Joined) and one.look]
        self._waiting.look([one.tournament for one in groups])
        self._waiting.look_for_held({one.job for one in groups})

    def _join(self, asked: Sequence[Joining]) -> list[Joined | RrmqError]:
        with self._app.begin() as tx:
            joined = self.join_in(tx, asked)
        self.tell(joined)
        return joined

    def _add(
        self, tx: Transaction, job: OpenJob, groups: Sequence[Group]
    ) -> list[Joined | RrmqError]:
        tournaments = [group.tournament for group in groups]
        added = appending.append(tx, job.id, job.seed, tournaments)
        new = [one for one, result in zip(tournaments, added, strict=True) if result.new]
        going = False
        if new:
            candidates = sum(len(one.candidates) for one in new)
            state = appending.count_appended(tx, job.id, len(new), candidates)
            going = state is not JobState.PAUSED
        return [
            self._expected(job.id, one, result, going=going)
            for one, result in zip(tournaments, added, strict=True)
        ]

    def _expected(
        self, job: JobId, one: Tournament, result: Appended, *, going: bool
    ) -> Joined | RrmqError:
        """The group, which is waited for before the commit: so no notice of it is missed."""
        if not result.same:
            return Conflict(f"job {job} has other answers under the id '{printable(one.key)}'")
        judged = self._waiting.expect(result.tournament, job)
        look = not (going and result.new)
        return Joined(job, result.tournament, one.key, judged, result.new, look)
