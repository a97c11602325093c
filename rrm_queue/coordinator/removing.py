"""Removes jobs that are marked as deleted, part by part, so that nobody waits for it.

What deletes a job removes it at once; coordinators finish what was interrupted.
"""

from collections.abc import Callable, Iterator
from itertools import islice

from rrm_queue.domain import JobId
from rrm_queue.store.database import Database
from rrm_queue.store.queue.deleting import Place, marked, remove_part

Tell = Callable[[int], None]
"""What is told how many tournaments are gone so far."""

PARTS = 10
"""Parts that a coordinator removes in a turn."""


def tell_nobody(_removed: int) -> None:
    """For a removal that nobody watches."""


def remove(database: Database, job: JobId) -> Iterator[int]:
    """Removes a marked job; after each part, the number of its tournaments that are gone.

    Raises StoreUnavailable.
    """
    at: Place | None = Place()
    while at is not None:
        with database.begin() as tx:
            at = remove_part(tx, job, at)
        if at is not None:
            yield at.removed


def remove_marked(database: Database) -> None:
    """Goes on with the removal of the job that was marked first. Raises StoreUnavailable."""
    with database.begin() as tx:
        jobs = marked(tx, 1)
    for job in jobs:
        for _ in islice(remove(database, job), PARTS):
            pass
