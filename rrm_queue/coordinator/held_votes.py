"""Votes of people that may be taken back for a short time: they are recorded when it is over.

Until then the verdict stands in the lease and nowhere else: it decides nothing, and no figure
counts it. So taking it back leaves no trace and undoes nothing that followed.
"""

from collections.abc import Iterable

from rrm_queue.coordinator.people import LEASE_SECONDS, vote
from rrm_queue.domain import BatchId, JobId, Verdict
from rrm_queue.store.database import Database
from rrm_queue.store.queue import people
from rrm_queue.store.queue.people import Lease

HOLD_SECONDS = 60.0
"""How long a vote may be taken back, unless the person votes again or leaves before."""

AT_ONCE = 100
"""Votes that are recorded before the next look."""


def hold(database: Database, lease: Lease, verdict: Verdict) -> bool:
    """Keeps the verdict so that it may be taken back; whether the lease still held.

    The person's vote before it is recorded: only the last one may be taken back.
    """
    record_held(database, lease.job, lease.person)
    with database.begin() as tx:
        return people.hold_verdict(tx, lease.batch, verdict, HOLD_SECONDS)


def take_back(database: Database, lease: Lease) -> bool:
    """Takes the verdict back: the person is given the match again; whether it was in time."""
    with database.begin() as tx:
        return people.take_back(tx, lease.batch, LEASE_SECONDS)


def record_held(database: Database, job: JobId, person: str) -> int:
    """Records the person's votes in the job that could be taken back; how many."""
    with database.begin() as tx:
        batches = people.held_verdicts(tx, job, person)
    return _record(database, batches)


def record_due(database: Database) -> int:
    """Records votes whose time is over, whoever cast them; how many.

    The coordinator does this for people whose browser or terminal has died.
    """
    with database.begin() as tx:
        batches = people.due_verdicts(tx, AT_ONCE)
    return _record(database, batches)


def _record(database: Database, batches: Iterable[BatchId]) -> int:
    """Records these; a repeat changes nothing, so a process may die in between."""
    recorded = 0
    for batch in batches:
        with database.begin() as tx:
            lease = people.find_lease(tx, batch) if people.end_hold(tx, batch) else None
        if lease is None or lease.verdict is None:
            continue
        vote(database, lease, lease.verdict)
        with database.begin() as tx:
            people.forget_verdict(tx, batch)
        recorded += 1
    return recorded
