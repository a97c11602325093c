"""Supply: tournaments are opened only as fast as matches of theirs can be sent."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from rrm_queue.coordinator.floors import Floors
from rrm_queue.coordinator.plan import open_tournaments
from rrm_queue.coordinator.window import MOST_READY, to_open
from rrm_queue.domain import TournamentId
from rrm_queue.errors import ForeignJob
from rrm_queue.log_once import log_once
from rrm_queue.store.database import Transaction, savepoint
from rrm_queue.store.queue import active_jobs
from rrm_queue.store.queue.active_jobs import MOST_WAITING, ActiveJob
from rrm_queue.store.queue.job_options import FOREIGN

log = logging.getLogger(__name__)


def supply(tx: Transaction, job: ActiveJob, wanted: int, floors: Floors) -> ActiveJob:
    """The job with `wanted` matches ready, if opening tournaments can bring them about."""
    opened = brought = 0
    while job.waiting and job.ready < wanted:
        more = list[TournamentId]()
        with apart(tx, job):
            more = open_tournaments(tx, job.id, to_open(wanted - job.ready, opened, brought))
        if not more:
            break
        floors.opened(job.id, min(more))
        ready = active_jobs.count_ready(tx, job.id, MOST_READY, floors.of(job.id))
        opened, brought = opened + len(more), brought + ready - job.ready
        job = job._replace(ready=ready)
        if opened == job.waiting < MOST_WAITING:
            break
    if job.ready < wanted:
        floors.short(job.id)
    return job


@contextmanager
def apart(tx: Transaction, job: ActiveJob) -> Iterator[None]:
    """What is done for one job: a fault takes it back, and keeps no other job waiting."""
    try:
        with savepoint(tx):
            yield
    except ForeignJob as fault:
        log_once(log, logging.ERROR, FOREIGN, job.id, str(fault))
    except Exception:
        log.exception("job %s cannot go on", job.id)
