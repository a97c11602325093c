"""Supply: tournaments are opened only as fast as matches of theirs can be sent."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rrm_queue.coordinator.floors import Floors
from rrm_queue.coordinator.plan import open_tournaments
from rrm_queue.coordinator.window import MOST_READY, Claim, missing, to_open
from rrm_queue.domain import JobId, TournamentId
from rrm_queue.errors import ForeignJob
from rrm_queue.log_once import log_once
from rrm_queue.store.database import Transaction
from rrm_queue.store.queue import active_jobs
from rrm_queue.store.queue.active_jobs import MOST_WAITING, ActiveJob
from rrm_queue.store.queue.job_options import FOREIGN

log = logging.getLogger(__name__)

Done = TypeVar("Done")


def supply(
    tx: Transaction, jobs: Sequence[ActiveJob], free: int, floors: Floors
) -> list[ActiveJob]:
    """The jobs with enough ready for their shares of the free places, as far as they can have it.

    Only jobs that get a share open tournaments, all of them together. At first each opens one, then
    as many as are needed if each brings as many matches as those before.
    """
    going = {job.id: job for job in jobs}
    opened, brought = Counter[JobId](), Counter[JobId]()
    while lacking := missing(free, [claim(job) for job in going.values()]):
        counts = {job: to_open(n, opened[job], brought[job]) for job, n in lacking.items()}
        more = _open(tx, [going[job] for job in counts], counts)
        for job, tournaments in more.items():
            floors.opened(job, min(tournaments))
        known = {job: floors.of(job) for job in more}
        ready = active_jobs.count_ready(tx, known, MOST_READY) if known else {}
        for job, count in counts.items():
            before, new = going[job], len(more.get(job, ()))
            opened[job] += new
            going[job] = before._replace(
                ready=ready.get(job, before.ready), waiting=_waiting(before, count, new)
            )
            brought[job] += going[job].ready - before.ready
    return list(going.values())


def claim(job: ActiveJob) -> Claim:
    """The job's part in its queue."""
    return Claim(job.id, job.out, job.ready, job.priority, waiting=job.waiting > 0)


def _waiting(job: ActiveJob, asked: int, opened: int) -> int:
    """How many tournaments wait after some were opened; none where fewer were found than asked."""
    if opened < asked:
        return 0
    return job.waiting - opened if job.waiting < MOST_WAITING else MOST_WAITING


def _open(
    tx: Transaction, jobs: Sequence[ActiveJob], counts: dict[JobId, int]
) -> dict[JobId, list[TournamentId]]:
    """Opens so many tournaments of each job; which they were, of jobs that had any."""
    opened: dict[JobId, list[TournamentId]] = {}
    for part in together(
        tx, jobs, lambda some: open_tournaments(tx, {job.id: counts[job.id] for job in some})
    ):
        opened |= part
    return opened


def together(
    tx: Transaction, jobs: Sequence[ActiveJob], do: Callable[[Sequence[ActiveJob]], Done]
) -> list[Done]:
    """What is done for all jobs at once, or if that fails, for each job apart.

    A fault of one job takes back only what was done for it, and keeps no other job waiting.
    """
    done: list[Done] = []
    if len(jobs) > 1:
        try:
            with tx.savepoint():
                return [do(jobs)]
        except Exception as fault:
            log.debug("%s jobs cannot go on together: %r", len(jobs), fault)
    for job in jobs:
        with apart(tx, job):
            done.append(do([job]))
    return done


@contextmanager
def apart(tx: Transaction, job: ActiveJob) -> Iterator[None]:
    """What is done for one job: a fault takes it back, and keeps no other job waiting."""
    try:
        with tx.savepoint():
            yield
    except ForeignJob as fault:
        log_once(log, logging.ERROR, FOREIGN, job.id, str(fault))
    except Exception:
        log.exception("job %s cannot go on", job.id)
