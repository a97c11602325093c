"""Millions of rows as NumPy arrays, by COPY in the binary format."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rrm_queue.store.connection import Connection

_SIGNATURE = 19  # bytes before the first row: the format's name, flags, and no extension


class Cell(NamedTuple):
    """A column's type as Postgres sends it, and as it is in the array."""

    sent: str
    kept: type[np.generic]


FLAG = Cell("?", np.bool_)
SMALLINT_CODE = Cell(">i2", np.uint8)
INTEGER_CODE = Cell(">i4", np.int8)
INTEGER = Cell(">i4", np.int64)
LENGTH = Cell(">i4", np.float64)
NUMBER = Cell(">f8", np.float64)
BIGINT = Cell(">i8", np.int64)


def read_columns(
    tx: Connection, statement: str, parameters: Mapping[str, object], cells: tuple[Cell, ...]
) -> tuple[NDArray[Any], ...]:
    """The columns of a `COPY (...) TO STDOUT (FORMAT binary)`, of the types that `cells` name.

    No value may be null: so every row takes the same bytes, and the whole is read as one array.
    About a microsecond a row on our side.
    """
    driver = tx.driver
    try:
        with driver.cursor() as cursor, cursor.copy(statement, parameters) as copy:
            # Postgres sends a message a row; each is small, and they are joined once.
            data = b"".join(bytes(part) for part in copy)
    except (KeyboardInterrupt, SystemExit):
        tx.close()  # its command goes on, so it could not even be rolled back
        raise
    row = np.dtype([("columns", ">i2"), *_layout(cells)])
    rows = np.frombuffer(data, row, (len(data) - _SIGNATURE) // row.itemsize, _SIGNATURE)
    return tuple(rows[f"value{place}"].astype(cell.kept) for place, cell in enumerate(cells))


def _layout(cells: tuple[Cell, ...]) -> list[tuple[str, str]]:
    """For each column a value's length in four bytes, then the value."""
    return [
        field
        for place, cell in enumerate(cells)
        for field in ((f"length{place}", ">i4"), (f"value{place}", cell.sent))
    ]
