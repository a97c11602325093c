"""A job from Python: how far it is, what came out, and what one does to it."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from rrm_queue.actions import control
from rrm_queue.actions.app import connect, open_store, read_settings
from rrm_queue.actions.watch import Watcher
from rrm_queue.store.queue.control import (
    Retried,
    cancel_job,
    delete_job,
    pause_job,
    resume_job,
    retry_job,
)
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.store.views.results import find_tournament, job_results
from rrm_queue.views import JobView, TournamentResult

log = logging.getLogger("rrm_queue")

_STOP_LATER = "workers stop when it is back"
_GO_ON_LATER = "it goes on when it is back"


@dataclass(frozen=True, slots=True)
class Job:
    """A job by its id, or by any unique beginning of it.

    `new` is False when an earlier submission of the same made it.
    """

    id: str
    new: bool = False

    def status(self) -> JobView:
        """How far it is. Raises JobNotFound."""
        return status(self.id)

    def wait(self, timeout: float | None = None) -> JobView:
        """How it ended, or that it was paused for a reason of its own (`note` tells it).

        Raises StillRunning when neither happens within `timeout` seconds.
        """
        return wait(self.id, timeout)

    def results(self, tournament: str | None = None) -> Iterator[TournamentResult]:
        """Its tournaments in the file's order, or the one with this id; streamed."""
        return results(self.id, tournament)

    def cancel(self) -> bool:
        """Stops it for good; whether there was anything to stop."""
        return control.change(
            self.id, cancel_job, control.stop, otherwise=_STOP_LATER, say=log.warning
        ).done

    def delete(self) -> bool:
        """Removes it, if it has ended, with all its votes; whether it had. Raises JobNotFound."""
        addresses = connect(read_settings(), processes=False)
        with open_store(addresses) as database, database.begin() as tx:
            return delete_job(tx, find_job(tx, self.id))

    def pause(self) -> bool:
        """Holds it; whether it was queued or running."""
        return control.change(
            self.id, pause_job, control.stop, otherwise=_STOP_LATER, say=log.warning
        ).done

    def resume(self) -> bool:
        """Lets it go on; whether it was paused."""
        return control.change(
            self.id,
            resume_job,
            control.go_on,
            otherwise=_GO_ON_LATER,
            processes=True,
            say=log.warning,
        ).done

    def retry(self) -> Retried:
        """Tries again what failed of it, and says how much that is."""
        return control.change(
            self.id,
            retry_job,
            control.wake,
            otherwise=_GO_ON_LATER,
            processes=True,
            say=log.warning,
        ).done


def status(job: str) -> JobView:
    """How far the job is. Raises JobNotFound."""
    addresses = connect(read_settings())
    with open_store(addresses) as database, database.begin() as tx:
        return view_job(tx, find_job(tx, job))


def wait(job: str, timeout: float | None = None) -> JobView:
    """The job when it has ended, or was paused for a reason of its own.

    Raises JobNotFound, and StillRunning when neither happens within `timeout` seconds.
    """
    settings = read_settings()
    addresses = connect(settings)
    with open_store(addresses) as database:
        with database.begin() as tx:
            found = find_job(tx, job)
        return Watcher(settings, addresses, database, _Logged()).follow(
            found, inf if timeout is None else timeout
        )


def results(job: str, tournament: str | None = None) -> Iterator[TournamentResult]:
    """The job's tournaments in the file's order, or the one with this id; streamed.

    One that is not done has no standings. Raises JobNotFound and TournamentNotFound, as soon as the
    first is asked for.
    """
    addresses = connect(read_settings(), processes=False)
    with open_store(addresses) as database, database.begin() as tx:
        found = find_job(tx, job)
        if tournament is not None:
            find_tournament(tx, found, tournament)
        yield from job_results(tx, found, tournament)


class _Logged:
    """Where a watcher that nobody looks at says what it sees."""

    def show(self, view: JobView) -> None:
        """Shows nothing."""

    def say(self, note: str) -> None:
        """Logs what keeps the job waiting."""
        log.warning(note)
