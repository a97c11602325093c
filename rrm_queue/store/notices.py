"""What the store tells by itself: which jobs have changed.

A trigger on the table of jobs notifies at the commit of a change, once for each job and
transaction, whichever process and version of rrmq made it. A pooler in front of Postgres must keep
a session for each client: one that pools transactions passes no notices on.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import text

from rrm_queue.domain import JobId
from rrm_queue.errors import StoreUnavailable
from rrm_queue.store.database import Database
from rrm_queue.text import first_line

# The text of a notice on this channel is the id of a job.
LISTEN = text("LISTEN rrmq_jobs")

Wait = Callable[[float], frozenset[JobId]]
"""Waits up to so many seconds for changes, and returns the jobs; none asks the server anything."""


@contextmanager
def listening(database: Database) -> Iterator[Wait]:
    """Notices of all changes from now on, over a connection of its own.

    Raises StoreUnavailable, also from the wait, when the connection cannot be had or is lost.
    """
    with database.connect_alone() as connection:
        connection.execute(LISTEN)
        driver = connection.connection.dbapi_connection
        assert driver is not None  # noqa: S101  # it has just been used

        def wait(seconds: float) -> frozenset[JobId]:
            try:
                notices = driver.notifies(timeout=seconds, stop_after=1)
                return frozenset(JobId(notice.payload) for notice in notices)
            except psycopg.OperationalError as error:
                raise StoreUnavailable(first_line(error)) from error

        yield wait
