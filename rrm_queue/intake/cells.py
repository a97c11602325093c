"""A CSV file's cells are texts; here they become the values that a format reads."""

from typing import Any

import msgspec

from rrm_queue.errors import Problem
from rrm_queue.intake.formats.base import Format
from rrm_queue.intake.formats.fields import Row


def unpacked(row: Row, known: Format) -> dict[str, Any]:
    """The row with its lists read as JSON, and without the empty cells of what is optional."""
    values = {key: cell for key, cell in row.items() if cell != "" or key not in known.optional}
    values.update((key, _list(values[key], key)) for key in known.lists if key in values)
    return values


def _list(cell: str, key: str) -> object:
    try:
        return msgspec.json.decode(cell)
    except (msgspec.DecodeError, RecursionError):
        raise Problem(f"`{key}` must be a list written as JSON") from None
