"""Connections that are used again and again, and how many a process may have.

`psycopg_pool` opens connections in threads of its own and tries for minutes: it would tell a user
that time is up where the server says what is wrong, and a short command would wait for its threads.
"""

from collections.abc import Callable
from threading import BoundedSemaphore

import psycopg
from psycopg.pq import TransactionStatus

from rrm_queue.errors import StoreUnavailable

MOST = 18
"""Connections that a process may use at once."""

KEPT = 8
"""Connections that stay open while nobody uses them."""

PATIENCE = 30  # seconds


class Pool:
    """Connections made by `connect`, for any number of threads.

    With `check` a connection is tried before it is used again, as the server may have been
    restarted meanwhile.
    """

    def __init__(self, connect: Callable[[], psycopg.Connection], *, check: bool) -> None:
        self._connect = connect
        self._check = check
        self._idle: list[psycopg.Connection] = []
        self._places = BoundedSemaphore(MOST)

    def take(self) -> psycopg.Connection:
        """A connection outside of transactions.

        Raises what `connect` does, and StoreUnavailable when for half a minute all are in use.
        """
        if not self._places.acquire(timeout=PATIENCE):
            raise StoreUnavailable("all connections of this process are in use")
        try:
            return self._good() or self._connect()
        except BaseException:
            self._places.release()
            raise

    def give_back(self, connection: psycopg.Connection) -> None:
        """Takes a connection that nobody uses any more; it is closed where a statement runs."""
        try:
            if connection.closed:
                self.close()  # what broke this one off broke the others off
            elif _settled(connection) and len(self._idle) < KEPT:
                self._idle.append(connection)
            else:
                connection.close()
        finally:
            self._places.release()

    def close(self) -> None:
        """Closes the connections that nobody uses."""
        while connection := self._next():
            connection.close()

    def _good(self) -> psycopg.Connection | None:
        while connection := self._next():
            if not self._check or _answers(connection):
                return connection
            connection.close()
        return None

    def _next(self) -> psycopg.Connection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None


def _settled(connection: psycopg.Connection) -> bool:
    return connection.info.transaction_status is TransactionStatus.IDLE


def _answers(connection: psycopg.Connection) -> bool:
    """Whether the server takes an empty statement, in one round trip."""
    try:
        connection.autocommit = True
        connection.execute("")
        connection.autocommit = False
    except psycopg.Error:
        return False
    return True
