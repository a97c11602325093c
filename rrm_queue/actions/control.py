"""What a user does to a job: cancel, pause, resume, retry, delete. Each may be repeated.

A broker that does not answer is no error: the coordinator tells the workers when it is back.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from rrm_queue.actions.app import App
from rrm_queue.actions.money import checked_limit
from rrm_queue.coordinator.removing import Tell, remove, tell_nobody
from rrm_queue.domain import JobId, JobState
from rrm_queue.errors import BrokerUnavailable, Conflict
from rrm_queue.store.queue.control import (
    Retried,
    cancel_job,
    pause_job,
    resume_job,
    retry_job,
)
from rrm_queue.store.queue.deleting import mark_ended
from rrm_queue.store.queue.money import set_limit
from rrm_queue.store.queue.silence import ask_silent_again
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.strategies import named
from rrm_queue.views.jobs import JobView

if TYPE_CHECKING:
    from rrm_queue.broker.client import BrokerClient
    from rrm_queue.store.database import Transaction

Done = TypeVar("Done")

STOPS_LATER = "workers stop when it is back"
GOES_ON_LATER = "it goes on when it is back"


@dataclass(frozen=True, slots=True)
class Changed(Generic[Done]):
    """What was done to a job, and the job afterwards.

    `warning` says why the workers could not be told.
    """

    done: Done
    view: JobView
    warning: str | None = None


def cancel(app: App, job: str) -> Changed[bool]:
    """Stops the job for good; `done` is whether it had not ended. Raises JobNotFound, as below."""
    return _change(app, job, cancel_job, _stop, STOPS_LATER)


def pause(app: App, job: str) -> Changed[bool]:
    """Holds the job; `done` is whether it was queued or running."""
    return _change(app, job, pause_job, _stop, STOPS_LATER)


def resume(app: App, job: str, max_cost: float | None = None) -> Changed[bool]:
    """Lets the job go on; `done` is whether it was paused.

    With `max_cost` that is the most that it may cost from now on. Raises UsageFault for a job
    without a price.
    """
    app.ensure_processes()
    return _change(app, job, partial(_resume, max_cost=max_cost), _go_on, GOES_ON_LATER)


def _resume(tx: "Transaction", job: JobId, *, max_cost: float | None) -> bool:
    if max_cost is not None:
        limit = checked_limit(max_cost, view_job(tx, job).price)
        set_limit(tx, job, limit)
    return resume_job(tx, job)


def retry(app: App, job: str) -> Changed[Retried]:
    """Tries again what failed of the job, unless it was cancelled; `done` is how much that is.

    Votes without a verdict in finished tournaments are asked for again as well.
    """
    app.ensure_processes()
    return _change(app, job, _retry, _wake, GOES_ON_LATER)


def _retry(tx: "Transaction", job: JobId) -> Retried:
    view = view_job(tx, job)
    looks_back = named(view.strategy, seeding=view.seeding).looks_back
    asked = ask_silent_again(tx, job, looks_back=looks_back)
    return retry_job(tx, job)._replace(silent_votes=asked.votes, kept=asked.kept)


def retry_failed(app: App, job: str) -> Changed[Retried]:
    """The same as `retry`. Raises Conflict for a job that was cancelled."""
    changed = retry(app, job)
    if changed.view.state is JobState.CANCELLED:
        cancelled = f"job {changed.view.id} was cancelled: submit it again, its votes are kept"
        raise Conflict(cancelled)
    return changed


def delete_ended(app: App, job: str, tell: Tell = tell_nobody) -> JobView:
    """Removes the job; it as it was. Raises Conflict when it has not ended.

    `tell` is called with the number of its tournaments that are gone so far.
    """
    with app.begin() as tx:
        view = view_job(tx, find_job(tx, job))
        if not mark_ended(tx, view.id):
            raise Conflict(f"job {view.id} is {view.state}: cancel it first")
    for removed in remove(app.database, view.id):
        tell(removed)
    return view


def delete(app: App, job: str) -> bool:
    """Removes the job with all its votes, if it has ended; whether it had."""
    with suppress(Conflict):
        delete_ended(app, job)
        return True
    return False


def _change(
    app: App,
    prefix: str,
    change: Callable[["Transaction", JobId], Done],
    tell: Callable[["BrokerClient", JobId], None],
    later: str,
) -> Changed[Done]:
    """Changes the job in one transaction, then tells the workers.

    `later` says what happens when the broker is back, for the warning.
    """
    broker = app.broker
    with app.begin() as tx:
        job = find_job(tx, prefix)
        done = change(tx, job)
        view = view_job(tx, job)
    try:
        tell(broker, job)
    except BrokerUnavailable as error:
        return Changed(done, view, f"{error}; {later}")
    return Changed(done, view)


def _stop(broker: "BrokerClient", job: JobId) -> None:
    broker.stop({job})


def _go_on(broker: "BrokerClient", job: JobId) -> None:
    broker.unstop(job)
    broker.wake()


def _wake(broker: "BrokerClient", _job: JobId) -> None:
    broker.wake()
