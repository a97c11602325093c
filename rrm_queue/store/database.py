"""The database: connections, transactions, and the driver's errors as the store's own."""

import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from enum import Enum
from urllib.parse import quote, unquote
from weakref import WeakKeyDictionary

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.array import ListBinaryDumper

from rrm_queue.errors import SchemaMismatch, StoreUnavailable
from rrm_queue.store.connection import Connection, text
from rrm_queue.store.pool import Pool
from rrm_queue.text import first_line

SCHEMA = "0007"
"""The migration that this version of rrmq speaks; a test holds it equal to Alembic's head."""

CONNECT_TIMEOUT = 10  # seconds


Transaction = Connection
"""What every function of this room takes first; other rooms name it without knowing the driver."""


PLANS_SECONDS = 1.0
"""How long plans are kept that are renewed."""


class Plans(Enum):
    """How long the server keeps plans, of prepared statements and of checks of foreign keys.

    By itself it keeps those that it made when the tables were small until it gathers statistics
    again: a minute after a large submission, or never without autovacuum. They read tables from end
    to end, and compare each row with each of a thousand ids. Where many rows are written at once,
    `key_checks` has their foreign keys checked by one plan.
    """

    USUAL = "as the server does"
    FRESH = "never: for the tables as they are now"
    RENEWED = "for a second, where the same few statements come in quick succession"


class Database:
    """A Postgres database that holds, or will hold, rrmq's tables.

    `url` is any form of a Postgres URL; `application` is how the server's own views name us. With
    `idle_limit` the server ends a transaction that asks nothing for so many seconds: a process that
    is stopped or has vanished holds no lock for longer. With `check_connections` a pooled
    connection is tried before it is used again, as the server may have been restarted meanwhile.
    `plans` is how long the server keeps plans.
    """

    def __init__(
        self,
        url: str,
        *,
        application: str = "rrmq",
        idle_limit: float | None = None,
        check_connections: bool = False,
        plans: Plans = Plans.USUAL,
    ) -> None:
        self.url = driver_url(url)
        self._conninfo = _conninfo(self.url)
        self._application = application
        self._idle_limit = idle_limit
        self._plans = plans
        self._planned_at = WeakKeyDictionary[psycopg.Connection, float]()
        self._pool = Pool(self._connect, check=check_connections)

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """One transaction: committed at the end, rolled back by any exception.

        Raises StoreUnavailable when the server cannot be reached or breaks off.
        """
        with _store_faults(), self._taken() as tx:
            yield tx
            tx.commit()

    @contextmanager
    def look(self) -> Iterator[Transaction]:
        """A connection for single statements that read: each is a transaction of its own.

        It spares the two round trips that begin and end one. Raises StoreUnavailable.
        """
        with _store_faults(), self._taken() as looking:
            looking.driver.autocommit = True
            yield looking

    @contextmanager
    def connect_alone(self) -> Iterator[Connection]:
        """A connection outside of transactions, that nothing else uses before or after.

        Raises StoreUnavailable, also when what is done with the driver's connection finds it lost.
        """
        with _store_faults():
            driver = self._connect()
            with closing(driver):
                driver.autocommit = True
                yield Connection(driver)

    @contextmanager
    def _taken(self) -> Iterator[Connection]:
        """A pooled connection; what is not committed at the end is rolled back."""
        driver = self._pool.take()
        connection = Connection(driver)
        try:
            if self._plans is Plans.RENEWED:
                self._renew_plans(driver)
            yield connection
        finally:
            with suppress(psycopg.Error):  # the connection is lost, or still runs a statement
                connection.rollback()
                driver.autocommit = False
            self._pool.give_back(driver)

    def _renew_plans(self, driver: psycopg.Connection) -> None:
        """Lets the server forget its plans for this connection, if they are old."""
        now = time.monotonic()
        if now - self._planned_at.setdefault(driver, now) >= PLANS_SECONDS:
            driver.autocommit = True
            driver.execute("DISCARD PLANS")
            driver.autocommit = False
            self._planned_at[driver] = now

    def _connect(self) -> psycopg.Connection:
        driver = psycopg.connect(
            self._conninfo,
            connect_timeout=CONNECT_TIMEOUT,
            application_name=self._application,
            # A machine that vanished must not hold its locks for hours.
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
            client_encoding="utf8",
        )
        # As text, which psycopg prefers for lists, every value is searched for what needs escaping:
        # 270 microseconds for a vote's reasoning of 6,000 characters, against less than one.
        driver.adapters.register_dumper(list, ListBinaryDumper)
        if self._idle_limit is not None:
            _limit_idleness(driver, self._idle_limit)
        if self._plans is Plans.FRESH:
            driver.execute("SET plan_cache_mode = force_custom_plan")
            driver.commit()
        return driver

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
        self._pool.close()


@contextmanager
def _store_faults() -> Iterator[None]:
    """Turns the driver's errors into the store's own."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise StoreUnavailable(first_line(error)) from error
    except psycopg.InternalError as error:
        if error.sqlstate not in BROKEN_OFF:
            raise
        raise StoreUnavailable(first_line(error)) from error
    except psycopg.ProgrammingError as error:
        if error.sqlstate in (UNDEFINED_TABLE, UNDEFINED_COLUMN):
            raise SchemaMismatch(
                f"it lacks tables of rrmq {SCHEMA}; run `rrmq db upgrade`"
            ) from error
        if error.sqlstate is None:  # libpq refuses an option of the URL before there is a server
            raise StoreUnavailable(first_line(error)) from error
        raise


def _limit_idleness(driver: psycopg.Connection, seconds: float) -> None:
    """Sets the session's limit; by statement, as a pooler may refuse it as a start-up option."""
    driver.execute(f"SET idle_in_transaction_session_timeout = {int(seconds * 1000)}".encode())
    driver.commit()


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


_USER = re.compile(r"([^:/?@]*)(?::([^@]*))?@(.*)", re.S)


def driver_url(url: str) -> str:
    """`url` with the psycopg driver named, as SQLAlchemy wants it."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme in {"postgres", "postgresql", "postgresql+psycopg"}:
        return f"postgresql+psycopg://{rest}"
    raise StoreUnavailable(URL_SHAPE)


def _conninfo(url: str) -> str:
    """The URL as libpq wants it, with all that is special in user and password encoded.

    Raises StoreUnavailable; what cannot be read is not repeated, as it may hold a password.
    """
    rest = url.partition("://")[2]
    if found := _USER.fullmatch(rest):
        user, password, rest = found[1], found[2], found[3]
        secret = "" if password is None else f":{quote(unquote(password), safe='')}"
        rest = f"{quote(unquote(user), safe='')}{secret}@{rest}"
    try:
        conninfo_to_dict(f"postgresql://{rest}")
    except psycopg.ProgrammingError as error:
        unreadable = "://" in str(error) or "query parameter" not in str(error)
        raise StoreUnavailable(URL_SHAPE if unreadable else first_line(error)) from None
    return f"postgresql://{rest}"
