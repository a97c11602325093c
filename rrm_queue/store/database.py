"""The way in: an engine, transactions, and faults in the store's own words."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Connection, create_engine, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
)

from rrm_queue.errors import SchemaMismatch, StoreUnavailable

SCHEMA = "0001"
"""The migration that this version of rrmq speaks; a test holds it equal to Alembic's head."""

CONNECT_TIMEOUT = 10  # seconds


Transaction = Connection
"""What every function of this room takes first; other rooms name it without knowing SQLAlchemy."""


class Database:
    """A Postgres database that holds, or will hold, rrmq's tables.

    `url` is any form of a Postgres URL; `application` is how the server's own views name us.
    """

    def __init__(self, url: str, *, application: str = "rrmq") -> None:
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
        )

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """One transaction: committed at the end, rolled back by any exception.

        Raises StoreUnavailable when the server cannot be reached or breaks off.
        """
        try:
            with self._engine.begin() as tx:
                yield tx
        except (OperationalError, InterfaceError) as error:
            raise StoreUnavailable(_first_line(error)) from error
        except ProgrammingError as error:
            sqlstate = getattr(error.orig, "sqlstate", None)
            if sqlstate == UNDEFINED_TABLE:
                raise SchemaMismatch("it has no tables of rrmq; run `rrmq db upgrade`") from error
            if sqlstate is None:  # libpq refuses an option of the URL before there is a server
                raise StoreUnavailable(_first_line(error)) from error
            raise

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


UNDEFINED_TABLE = "42P01"

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


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().split("\n", 1)[0]
