"""The database: connections, transactions, and the driver's errors as the store's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, create_engine, make_url, text
from sqlalchemy.event import listen
from sqlalchemy.exc import (
    ArgumentError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from rrm_queue.errors import SchemaMismatch, StoreUnavailable
from rrm_queue.text import first_line

if TYPE_CHECKING:
    import psycopg

SCHEMA = "0007"
"""The migration that this version of rrmq speaks; a test holds it equal to Alembic's head."""

CONNECT_TIMEOUT = 10  # seconds


Transaction = Connection
"""What every function of this room takes first; other rooms name it without knowing SQLAlchemy."""


class Database:
    """A Postgres database that holds, or will hold, rrmq's tables.

    `url` is any form of a Postgres URL; `application` is how the server's own views name us. With
    `idle_limit` the server ends a transaction that asks nothing for so many seconds: a process that
    is stopped or has vanished holds no lock for longer. With `check_connections` a pooled
    connection is tried before it is used again, as the server may have been restarted meanwhile.
    With `fresh_plans` each statement is planned for the tables as they are now: a process that
    lives long would keep the plans that were made when they were small.
    """

    def __init__(
        self,
        url: str,
        *,
        application: str = "rrmq",
        idle_limit: float | None = None,
        check_connections: bool = False,
        fresh_plans: bool = False,
    ) -> None:
        self.url = driver_url(url)
        self._engine = create_engine(
            _parsed(self.url),
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT,
                "application_name": application,
                # A machine that vanished must not hold its locks for hours.
                "keepalives_idle": 30,
                "keepalives_interval": 10,
                "keepalives_count": 3,
                "client_encoding": "utf8",
            },
            pool_size=8,
            pool_pre_ping=check_connections,
            hide_parameters=True,  # users' texts have no place in a log
        )
        listen(self._engine, "connect", _send_arrays_as_they_are)
        if idle_limit is not None:
            listen(self._engine, "connect", partial(_limit_idleness, seconds=idle_limit))
        if fresh_plans:
            listen(self._engine, "connect", _plan_each_time)

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """One transaction: committed at the end, rolled back by any exception.

        Raises StoreUnavailable when the server cannot be reached or breaks off.
        """
        with _store_faults(), self._engine.begin() as tx:
            yield tx

    @contextmanager
    def look(self) -> Iterator[Transaction]:
        """A connection for single statements that read: each is a transaction of its own.

        It spares the two round trips that begin and end one. Raises StoreUnavailable.
        """
        with _store_faults(), self._engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def connect_alone(self) -> Iterator[Connection]:
        """A connection outside of transactions, that nothing else uses before or after.

        Raises StoreUnavailable, also when what is done with the driver's connection finds it lost.
        """
        import psycopg

        engine = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        try:
            with _store_faults(), engine.connect() as connection:
                connection.detach()
                yield connection
        except psycopg.OperationalError as error:
            raise StoreUnavailable(first_line(error)) from error

    def check_schema(self) -> None:
        """Raises SchemaMismatch unless the tables are those of this version."""
        found = self.schema()
        if found is None or found < SCHEMA:
            raise SchemaMismatch(
                f"they stand at {found or 'nothing'}, this rrmq needs {SCHEMA}; "
                "run `rrmq db upgrade`"
            )
        if found > SCHEMA:
            raise SchemaMismatch(
                f"they stand at {found}, this rrmq knows {SCHEMA}; install the newer rrmq"
            )

    def schema(self) -> str | None:
        """The migration at which the tables stand, None for a database without them."""
        with self.begin() as tx:
            if tx.scalar(text("SELECT to_regclass('alembic_version')")) is None:
                return None
            version: str | None = tx.scalar(text("SELECT version_num FROM alembic_version"))
            return version

    def server_version(self) -> str:
        """The server's version, such as `18.6`."""
        with self.begin() as tx:
            return str(tx.scalar(text("SHOW server_version"))).split(" ")[0]

    def close(self) -> None:
        """Ends the pooled connections."""
        self._engine.dispose()


@contextmanager
def _store_faults() -> Iterator[None]:
    """Turns the driver's errors into the store's own."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise StoreUnavailable(first_line(error.orig or error)) from error
    except PoolTimeout as error:
        raise StoreUnavailable("all connections of this process are in use") from error
    except InternalError as error:
        if getattr(error.orig, "sqlstate", None) not in BROKEN_OFF:
            raise
        raise StoreUnavailable(first_line(error.orig or error)) from error
    except ProgrammingError as error:
        sqlstate = getattr(error.orig, "sqlstate", None)
        if sqlstate in (UNDEFINED_TABLE, UNDEFINED_COLUMN):
            raise SchemaMismatch(
                f"it lacks tables of rrmq {SCHEMA}; run `rrmq db upgrade`"
            ) from error
        if sqlstate is None:  # libpq refuses an option of the URL before there is a server
            raise StoreUnavailable(first_line(error.orig or error)) from error
        raise


@contextmanager
def savepoint(tx: Transaction) -> Iterator[None]:
    """A part of a transaction: an exception takes it back, and the rest can go on."""
    with tx.begin_nested():
        yield


def _send_arrays_as_they_are(connection: "psycopg.Connection", _record: object) -> None:
    """Lists go to the server in the binary format, where psycopg prefers text.

    As text every value is searched for what needs escaping: 270 microseconds for a vote's reasoning
    of 6,000 characters, which takes less than one as it is.
    """
    from psycopg.types.array import ListBinaryDumper

    connection.adapters.register_dumper(list, ListBinaryDumper)


def _limit_idleness(connection: "psycopg.Connection", _record: object, *, seconds: float) -> None:
    """Sets the session's limit; by statement, as a pooler may refuse it as a start-up option."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET idle_in_transaction_session_timeout = {int(seconds * 1000)}")
    connection.commit()


def _plan_each_time(connection: "psycopg.Connection", _record: object) -> None:
    """Lets the server keep no plan of a prepared statement or a foreign key.

    It makes them for the size of the tables, and keeps them until it gathers statistics again: a
    minute after a large submission, or never without autovacuum.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET plan_cache_mode = force_custom_plan")
    connection.commit()


BROKEN_OFF = frozenset({"25P03", "25P04", "25006"})
"""A transaction that was idle or took too long, and a server that has become a standby."""

UNDEFINED_TABLE, UNDEFINED_COLUMN = "42P01", "42703"

URL_SHAPE = (
    "RRMQ_DATABASE_URL must look like postgresql://user:password@host:5432/name, "
    "with special characters of the password percent-encoded"
)


def storable(text: str) -> str:
    """`text` as Postgres takes it: NUL, which it refuses, becomes the replacement character.

    What a model or a server wrote may hold one; it must not stop what came with it.
    """
    return text.replace("\0", "\ufffd")


def driver_url(url: str) -> str:
    """`url` with the psycopg driver named, as SQLAlchemy wants it."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme in {"postgres", "postgresql", "postgresql+psycopg"}:
        return f"postgresql+psycopg://{rest}"
    raise StoreUnavailable(URL_SHAPE)


def _parsed(url: str) -> URL:
    """The URL's parts; what cannot be read is not repeated, as it may hold a password."""
    try:
        return make_url(url)
    except (ValueError, ArgumentError) as error:
        raise StoreUnavailable(URL_SHAPE) from error
