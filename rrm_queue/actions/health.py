"""What is to be said of a job that does not come on: of its workers, and of its judge."""

from rrm_queue.broker.client import BrokerClient
from rrm_queue.domain import JobState
from rrm_queue.errors import BrokerUnavailable
from rrm_queue.judging.kinds import SERVED_TOGETHER, kind_of, worker_name
from rrm_queue.store.database import Database
from rrm_queue.store.views.jobs import trouble
from rrm_queue.views import JobView


def held_up(link: BrokerClient, database: Database, view: JobView, *, local: bool) -> str | None:
    """Why a job that has not ended does not come on, as far as anybody knows."""
    if missing := missing_workers(link, view, local=local):
        return missing
    with database.begin() as tx:
        why = trouble(tx, view.id)
    return f"matches wait to be tried again: {why}" if why else None


def missing_workers(link: BrokerClient, view: JobView, *, local: bool) -> str | None:
    """Why nobody judges a job that has not ended; None when workers serve it.

    `local` when the worker is the local stack's. A broker that is away is a reason, not a fault.
    """
    if view.state not in (JobState.QUEUED, JobState.RUNNING):
        return None
    try:
        if link.capacities(view.queue):
            return None
    except BrokerUnavailable as error:
        return f"{str(error).rstrip('.')}; the job goes on when it is back"
    if local and not kind_of(view.judge).needs_server:
        return "the local worker does not serve yet; if it stays so, `rrmq doctor` says why"
    name = worker_name(view.queue)
    return f"no live worker serves `{name}`: start one with `{worker_command(view.queue)}`"


def worker_command(queue: str) -> str:
    """The command that starts a worker for a judge's queue."""
    name = worker_name(queue)
    return f"rrmq worker --judge {name}{'' if name in SERVED_TOGETHER else ' --model MODEL'}"
