"""What is to be said of the workers that a job needs."""

from rrm_queue.broker.link import BrokerLink
from rrm_queue.domain import JobState
from rrm_queue.errors import BrokerUnavailable
from rrm_queue.judging.spec import RRM
from rrm_queue.store.jobs import JobView


def missing_workers(link: BrokerLink, view: JobView, *, local: bool) -> str | None:
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
    judge = view.judge
    if judge.kind == "sglang":
        name = judge.argument if judge.argument in RRM else str(judge)
        start = f"rrmq worker --judge {name} --model MODEL"
        return f"no live worker serves `{name}`: start one with `{start}`"
    if local:
        return "the local worker does not serve yet; if it stays so, `rrmq doctor` says why"
    start = f"rrmq worker --judge {judge.kind}"
    return f"no live worker serves `{judge.kind}`: start one with `{start}`"
