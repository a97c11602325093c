"""A job from Python: its status, its results, and what can be done to it."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import TypeVar

from rrm_queue.actions import control, jobs, open_jobs, options
from rrm_queue.actions import prune as pruning
from rrm_queue.actions.audit import SHARE, audit
from rrm_queue.actions.control import Changed
from rrm_queue.actions.watch import watch
from rrm_queue.api.app import shared_app
from rrm_queue.store.queue.control import Retried
from rrm_queue.store.views.jobs import find_job
from rrm_queue.store.views.results import find_tournament, job_results
from rrm_queue.views.jobs import JobView, LeftOver
from rrm_queue.views.tournaments import TournamentResult

log = logging.getLogger("rrm_queue")

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Job:
    """A job by its id, or by any unique prefix of it.

    `new` is False when an earlier submission of the same answers made it.
    """

    id: str
    new: bool = False

    def status(self) -> JobView:
        """How far it is. Raises JobNotFound."""
        return status(self.id)

    def wait(self, timeout: float | None = None) -> JobView:
        """The job when it has ended, or was paused for a reason that its `note` tells.

        Raises StillRunning when neither happens within `timeout` seconds.
        """
        return wait(self.id, timeout)

    def results(self, tournament: str | None = None) -> Iterator[TournamentResult]:
        """Its tournaments in the file's order, or the one with this id; streamed."""
        return results(self.id, tournament)

    def cancel(self) -> bool:
        """Stops it for good; whether it had not ended."""
        return _done(control.cancel(shared_app(), self.id))

    def close(self) -> bool:
        """Lets an open job end once its last answers are judged; whether it was open."""
        return _done(open_jobs.close_job(shared_app(), self.id))

    def delete(self) -> bool:
        """Removes it, if it has ended, with all its votes; whether it had. Raises JobNotFound."""
        return control.delete(shared_app(), self.id)

    def pause(self) -> bool:
        """Holds it; whether it was queued or running."""
        return _done(control.pause(shared_app(), self.id))

    def resume(self, max_cost: float | None = None) -> bool:
        """Lets it go on, up to this cost from now on; whether it was paused."""
        return _done(control.resume(shared_app(), self.id, max_cost))

    def audit(
        self,
        share: str | float = SHARE,
        *,
        votes: int = options.VOTES.default,
        seed: int = options.SEED.default,
        name: str | None = None,
        new: bool = False,
    ) -> "Job":
        """A job for people over a sample of its decided matches, as `rrmq audit` makes it.

        Raises UsageFault, also where people judge already or where nothing is decided.
        """
        made = audit(shared_app(), self.id, share, votes=votes, seed=seed, name=name, new=new)
        warn(made.warning)
        return Job(made.submitted.job, made.submitted.new)

    def retry(self) -> Retried:
        """Tries again what failed of it; how much that is."""
        return _done(control.retry(shared_app(), self.id))


def status(job: str) -> JobView:
    """How far the job is. Raises JobNotFound."""
    return jobs.status(shared_app(), job).view


def wait(job: str, timeout: float | None = None) -> JobView:
    """The job when it has ended, or was paused for a reason that its `note` tells.

    Raises JobNotFound, and StillRunning when neither happens within `timeout` seconds.
    """
    app = shared_app()
    view = jobs.status(app, job).view
    for seen in watch(app, view.id, inf if timeout is None else timeout):
        if isinstance(seen, str):
            log.warning(seen)
        else:
            view = seen
    return view


def prune(older_than: float = 1.0, *, ended: bool = False, dry_run: bool = False) -> list[LeftOver]:
    """Removes the jobs that requests for rewards made, once they had no work for so many days.

    With `ended` also all other jobs that have ended. Those that were removed, or with `dry_run`
    those that would be.
    """
    app = shared_app()
    left = pruning.prunable(app, older_than, ended=ended)
    return left if dry_run else list(pruning.prune(app, left))


def results(job: str, tournament: str | None = None) -> Iterator[TournamentResult]:
    """The job's tournaments in the file's order, or the one with this id; streamed.

    A tournament that is not done has no standings. Raises JobNotFound and TournamentNotFound when
    the first result is asked for.
    """
    with shared_app().begin() as tx:
        found = find_job(tx, job)
        if tournament is not None:
            find_tournament(tx, found, tournament)
        yield from job_results(tx, found, tournament)


def _done(changed: Changed[Done]) -> Done:
    """What was done; the warning, if there is one, is logged."""
    warn(changed.warning)
    return changed.done


def warn(warning: str | None) -> None:
    """Logs what the command would print on stderr."""
    if warning is not None:
        log.warning(warning)
