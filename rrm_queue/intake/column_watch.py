"""Which columns of a file no format reads: a wrong name is noticed before the job is paid for."""

from collections.abc import Mapping
from typing import Any

from rrm_queue.intake.formats.fields import Row

WATCHED_ROWS = 100
"""Rows of each file whose columns are watched."""


class _Watched(dict[str, Any]):
    """A row that notes which of its values are asked for."""

    def __init__(self, row: Row, read: set[str]) -> None:
        super().__init__(row)
        self._read = read

    def __getitem__(self, key: str) -> Any:
        self._read.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """The value, if there is one; the key counts as read."""
        self._read.add(key)
        return super().get(key, default)


class ColumnWatch:
    """Notes the columns of the first rows and those of them that are read."""

    def __init__(self, mapping: Mapping[str, str]) -> None:
        self._mapping = mapping
        self._there: dict[str, None] = {}
        self._read: set[str] = set()
        self._left = WATCHED_ROWS

    @property
    def wants_more(self) -> bool:
        """Whether the next row of the file is to be watched."""
        return self._left > 0

    def next_file(self) -> None:
        """Begins to watch another file."""
        self._left = WATCHED_ROWS

    def watched(self, row: Row) -> Row:
        """The row, which is watched while there are few; its columns have their keys already."""
        if not self.wants_more:
            return row
        self._left -= 1
        self._there.update(dict.fromkeys(row))
        return _Watched(row, self._read)

    def unread(self) -> tuple[str, ...]:
        """The columns that are not read, as the file calls them, in its order."""
        return tuple(self._mapping.get(key, key) for key in self._there if key not in self._read)
