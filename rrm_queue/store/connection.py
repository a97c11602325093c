"""Statements, and connections that run them with psycopg.

SQLAlchemy could do the same, but its import takes as long as twelve empty Pythons, and it makes a
small statement four times as expensive. It still describes the tables, for Alembic.
"""

import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from itertools import count
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakSet

from psycopg.rows import scalar_row

if TYPE_CHECKING:
    import psycopg

Row = Any
"""A named tuple with the columns of a statement."""

_PARAMETER = re.compile(r"(?<![:\w]):(\w+)")
_NUMBERS = re.compile(r"CAST\(:(\w+) AS (?:bigint|int|smallint|float8|bool)\[\]\)")
_BRACES = str.maketrans("[]", "{}")


class Statement:
    """A statement; `text` is how we write it, with `:name` for each parameter."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of its parameters."""
        return frozenset(_PARAMETER.findall(self.text))

    @cached_property
    def spelled(self) -> bytes:
        """The statement as psycopg takes it, with `%(name)s` for `:name`."""
        return _PARAMETER.sub(r"%(\1)s", self.text.replace("%", "%%")).encode()

    @cached_property
    def _arrays(self) -> frozenset[str]:
        """The names of its parameters that are arrays of numbers."""
        return frozenset(_NUMBERS.findall(self.text))

    def bound(self, values: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """The values as psycopg takes them: lists of numbers as Postgres writes arrays.

        psycopg looks at every element of a list; Python writes the whole list three times as fast.
        """
        if not values or not self._arrays:
            return values or {}
        return {
            name: _literal(value) if name in self._arrays and isinstance(value, list) else value
            for name, value in values.items()
        }


text = Statement
"""What makes a statement of a literal text."""

_SAVE = text("SAVEPOINT part")
_TAKE_BACK = text("ROLLBACK TO SAVEPOINT part")
_RELEASE = text("RELEASE SAVEPOINT part")


class Rows:
    """What a statement returns, row by row: they arrive while they are read, once.

    `columns` are the names of its columns.
    """

    def __init__(self, columns: tuple[str, ...], rows: Iterable[Any]) -> None:
        self.columns = columns
        self._rows = rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)


class AllRows(Rows):
    """What a statement returned: rows as named tuples, or the values of its first column.

    `rowcount` is how many rows it returned or changed.
    """

    def __init__(self, columns: tuple[str, ...], rows: Sequence[Any], rowcount: int) -> None:
        super().__init__(columns, rows)
        self.rowcount = rowcount
        self._found = rows

    def __len__(self) -> int:
        return len(self._found)

    def all(self) -> list[Any]:
        """A list of them."""
        return list(self._found)

    def first(self) -> Any:
        """The first, None where there is none."""
        return self._found[0] if self._found else None

    def one(self) -> Any:
        """The only one. Raises ValueError for none and for several."""
        (row,) = self._found
        return row


class Connection:
    """A connection of psycopg that runs statements; they are one transaction until `commit`."""

    def __init__(self, driver: "psycopg.Connection") -> None:
        self.driver = driver
        self._numbers = count()
        self._streams: WeakSet[psycopg.ServerCursor[Any]] = WeakSet()

    def execute(self, statement: Statement, values: Mapping[str, Any] | None = None) -> AllRows:
        """Runs the statement; its rows, if it returns any, are named tuples."""
        with self.driver.cursor(row_factory=_named) as cursor:
            cursor.execute(statement.spelled, statement.bound(values))
            return _rows(cursor)

    def scalars(self, statement: Statement, values: Mapping[str, Any] | None = None) -> AllRows:
        """The first column of the rows that the statement returns."""
        with self.driver.cursor(row_factory=scalar_row) as cursor:
            cursor.execute(statement.spelled, statement.bound(values))
            return _rows(cursor)

    def scalar(self, statement: Statement, values: Mapping[str, Any] | None = None) -> Any:
        """The first column of the first row that the statement returns, None without a row."""
        return self.scalars(statement, values).first()

    def stream(self, statement: Statement, values: Mapping[str, Any], at_once: int) -> Rows:
        """The rows as named tuples, of which only so many are in memory at a time.

        They can be read until the transaction ends.
        """
        cursor = self.driver.cursor(f"rows_{next(self._numbers)}", row_factory=_named)
        self._streams.add(cursor)
        cursor.itersize = at_once
        cursor.execute(statement.spelled, statement.bound(values))
        return Rows(_columns(cursor), _closing(cursor))

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the transaction: an exception takes it back, and the rest can go on."""
        self.execute(_SAVE)
        try:
            yield
        except BaseException:
            self.execute(_TAKE_BACK)
            self.execute(_RELEASE)
            raise
        self.execute(_RELEASE)

    def commit(self) -> None:
        """Ends the transaction; what it wrote stays."""
        self.driver.commit()
        self._end_streams()

    def rollback(self) -> None:
        """Ends the transaction; what it wrote is taken back."""
        self.driver.rollback()
        self._end_streams()

    def close(self) -> None:
        """Ends the connection, also while a statement runs; nothing uses it again."""
        self.driver.close()
        self._end_streams()

    def _end_streams(self) -> None:
        """Tells the cursors what the server knows: they ended with the transaction."""
        for cursor in self._streams:
            cursor.close()


def _literal(numbers: list[Any]) -> str:
    """The list as a literal of an array; its spaces mean nothing to Postgres."""
    return str(numbers).translate(_BRACES).replace("None", "NULL")


def _rows(cursor: "psycopg.Cursor[Any]") -> AllRows:
    columns = _columns(cursor)
    return AllRows(columns, cursor.fetchall() if columns else (), cursor.rowcount)


def _columns(cursor: Any) -> tuple[str, ...]:
    """The names of the columns; psycopg's description has much more of each, and costs it."""
    found = cursor.pgresult
    return _decoded(tuple(found.fname(place) for place in range(found.nfields))) if found else ()


@cache
def _decoded(names: tuple[bytes, ...]) -> tuple[str, ...]:
    return tuple(name.decode() for name in names)


def _named(cursor: Any) -> Callable[[Sequence[Any]], Row]:
    """What makes a row of psycopg's values; its own such factory refuses a name that repeats."""
    return _row_type(_columns(cursor))


@cache  # making a type takes a third of a millisecond
def _row_type(columns: tuple[str, ...]) -> Callable[[Sequence[Any]], Row]:
    kind: Any = namedtuple("Row", columns, rename=True)  # type: ignore[misc]  # found out just now
    return cast("Callable[[Sequence[Any]], Row]", kind._make)


def _closing(cursor: "psycopg.ServerCursor[Any]") -> Iterator[Any]:
    with cursor:
        yield from cursor
