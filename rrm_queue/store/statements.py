"""Statements of the queue's hot path, run by the driver itself.

SQLAlchemy prepares each execution anew and wraps its rows: three quarters of what a small statement
costs this process. The transaction, the spelling of parameters and the errors stay SQLAlchemy's.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, TextClause
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    import psycopg


def execute(
    tx: Connection, statement: TextClause, values: Mapping[str, object] | None = None
) -> Sequence[Any]:
    """The rows of a statement as named tuples; none where it returns nothing."""
    import psycopg
    from psycopg.rows import namedtuple_row

    driver = cast("psycopg.Connection", tx.connection.driver_connection)
    try:
        with driver.cursor(row_factory=namedtuple_row) as cursor:
            cursor.execute(_spelled(statement), values)
            return cursor.fetchall() if cursor.description else ()
    except psycopg.Error as error:
        if driver.closed:
            tx.invalidate()
        raise _wrapped(tx, statement, error, lost=driver.closed) from error


def scalars(
    tx: Connection, statement: TextClause, values: Mapping[str, object] | None = None
) -> list[Any]:
    """The first column of a statement's rows."""
    return [row[0] for row in execute(tx, statement, values)]


def scalar(
    tx: Connection, statement: TextClause, values: Mapping[str, object] | None = None
) -> Any:
    """The first column of a statement's first row; None where there is no row."""
    return next(iter(scalars(tx, statement, values)), None)


@cache  # all statements are constants
def _spelled(statement: TextClause) -> bytes:
    """The statement as the driver wants it, with `%(name)s` for `:name`."""
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

    dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # it has no types
    return statement.compile(dialect=dialect).string.encode()


def _wrapped(
    tx: Connection, statement: TextClause, error: "psycopg.Error", *, lost: bool
) -> BaseException:
    """The driver's error as SQLAlchemy raises it."""
    import psycopg

    return DBAPIError.instance(
        str(statement),
        None,
        error,
        psycopg.Error,
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=tx.dialect,
    )
