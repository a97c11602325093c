"""Rows as frozen values: a field takes the column of its name, whatever the columns' order."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Row

T = TypeVar("T")


def row_reader(kind: type[T]) -> Callable[[Row[Any]], T]:
    """What makes a `kind` of a row: a named tuple, a frozen dataclass or a msgspec struct.

    Each value is converted to its field's type, such as an enum or a struct. A field that has a
    default may have no column; columns without a field are left out.
    """
    names = _field_names(kind)

    def read(row: Row[Any]) -> T:
        cells = row._asdict()
        if issubclass(kind, tuple):
            return msgspec.convert([cells[name] for name in names], kind)
        return msgspec.convert(cells, kind)

    return read


def _field_names(kind: type[Any]) -> tuple[str, ...]:
    if is_dataclass(kind):
        return tuple(field.name for field in fields(kind))
    names: tuple[str, ...] = kind.__match_args__
    return names
