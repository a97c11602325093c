"""Millions of rows as NumPy arrays, by COPY in the binary format."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import numpy as np
from sqlalchemy import Connection

from rrm_queue.columns import Column

if TYPE_CHECKING:
    import psycopg

_SIGNATURE = 19  # bytes before the first row: the format's name, flags, and no extension
_TYPES = {"bool": "?", "smallint": ">i2", "integer": ">i4", "bigint": ">i8"}


def read_columns(
    tx: Connection, statement: str, parameters: Mapping[str, object], types: tuple[str, ...]
) -> tuple[Column, ...]:
    """The columns of a `COPY (...) TO STDOUT (FORMAT binary)`, each as 64-bit integers.

    `types` are the columns' in Postgres, which none may be null: so every row takes the same bytes,
    and the whole is read as one array. About a microsecond a row on our side.
    """
    driver = cast("psycopg.Connection", tx.connection.driver_connection)
    with driver.cursor() as cursor, cursor.copy(statement, parameters) as copy:
        # Postgres sends a message a row; each is small, and they are joined once.
        data = b"".join(bytes(part) for part in copy)
    row = np.dtype([("columns", ">i2"), *_cells(types)])
    rows = np.frombuffer(data, row, (len(data) - _SIGNATURE) // row.itemsize, _SIGNATURE)
    return tuple(rows[f"value{place}"].astype(np.int64) for place in range(len(types)))


def _cells(types: tuple[str, ...]) -> list[tuple[str, str]]:
    """A value's length in four bytes, then the value, for each column."""
    return [
        cell
        for place, name in enumerate(types)
        for cell in ((f"length{place}", ">i4"), (f"value{place}", _TYPES[name]))
    ]
