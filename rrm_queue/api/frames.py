"""Typed rows as data frames; pandas is imported when the first frame is made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame


def frame_of(rows: Iterable[Any], columns: Sequence[str] | None = None) -> "DataFrame":
    """A data frame with a line for each row: a dataclass, a named tuple or a mapping.

    A value that has fields of its own becomes a column for each, such as `accuracy_low`. With
    `columns` these are the columns, also of no rows.
    """
    from pandas import DataFrame

    return DataFrame([_flat(_cells(row)) for row in rows], columns=columns)


def names_of(row: type[Any]) -> list[str]:
    """The columns of rows of this dataclass, none of which has fields of its own."""
    return [field.name for field in fields(row)]


def _cells(row: Any) -> Mapping[str, Any]:
    if is_dataclass(row) and not isinstance(row, type):
        return asdict(row)
    cells: Mapping[str, Any] = row._asdict() if hasattr(row, "_asdict") else row
    return cells


def _flat(cells: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in cells.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}_")
        else:
            flat[prefix + name] = value
    return flat
