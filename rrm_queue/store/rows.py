"""Rows as frozen values: a field takes the column of its name, whatever the columns' order."""

from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache
from types import NoneType
from typing import Any, Protocol, TypeVar, get_args, get_type_hints

import msgspec

from rrm_queue.store.connection import AllRows, Row, Rows

T = TypeVar("T")
R = TypeVar("R", covariant=True)


class RowReader(Protocol[R]):
    """Makes a value of a row; `others` are fields that have no column."""

    def __call__(self, row: Row, **others: object) -> R:
        """The value."""


def row_reader(kind: type[T], rows: Rows) -> RowReader[T]:
    """What makes a `kind` of each of these rows: a named tuple, a dataclass or a msgspec struct.

    Texts become enums and JSON becomes structs where the field has such a type. A field that has a
    default may have no column; columns without a field are left out.
    """
    make: Callable[..., T] = kind
    return _reader(make, rows.columns)


def read_rows(kind: type[T], rows: Rows) -> Iterator[T]:
    """A `kind` of each of these rows."""
    return map(row_reader(kind, rows), rows)


def read_row(kind: type[T], rows: AllRows) -> T:
    """A `kind` of the only row that there is."""
    return row_reader(kind, rows)(rows.one())


@cache
def _reader(kind: Callable[..., Any], columns: tuple[str, ...]) -> RowReader[Any]:
    """Finds columns and conversions once for all rows of a statement: there may be millions."""
    types = {name: type_ for name, type_ in get_type_hints(kind).items() if name in columns}
    places = [(name, columns.index(name)) for name in types]
    conversions = [(name, convert) for name in types if (convert := _conversion(types[name]))]

    def read(row: Row, **others: object) -> Any:
        cells = {name: row[place] for name, place in places}
        for name, convert in conversions:
            cells[name] = convert(cells[name])
        return kind(**cells, **others)

    return read


def _conversion(type_: Any) -> Callable[[Any], Any] | None:
    """What makes a cell a `type_`; None where the cell is one already."""
    parts = get_args(type_) or (type_,)
    for part in parts:
        if isinstance(part, type) and issubclass(part, Enum):
            members: dict[Any, Any] = {member.value: member for member in part}
            if NoneType in parts:
                members[None] = None
            return members.__getitem__
        if isinstance(part, type) and issubclass(part, msgspec.Struct):
            return lambda cell: msgspec.convert(cell, type_)
    return None
