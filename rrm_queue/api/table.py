"""The rows of an export as a value."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rrm_queue.actions.app import App
from rrm_queue.actions.export import Exported, ExportRequest, columns_of, open_rows
from rrm_queue.actions.export import export as write_export
from rrm_queue.api.frames import frame_of
from rrm_queue.exports.base import Row
from rrm_queue.exports.options import typed_options

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, slots=True)
class ExportedRows:
    """The rows of an export, read from the store each time that they are iterated over.

    A row is a mapping by the names in `columns`. They are streamed: there may be millions.
    """

    job: str
    kind: str
    columns: Sequence[str]
    options: Mapping[str, Any]
    app: App

    def __iter__(self) -> Iterator[Row]:
        with open_rows(self.app, self.job, self.kind, self.options) as rows:
            yield from rows

    def to_frame(self) -> "DataFrame":
        """A data frame of all rows."""
        return frame_of(self, self.columns)

    def write(self, path: str | PathLike[str], *, force: bool = False) -> Exported:
        """Writes a file, .jsonl, .csv or .parquet, whole or not at all; what was written.

        Raises UsageFault for a file that is there already, unless `force`.
        """
        request = ExportRequest(self.kind, self.options, Path(path), force)
        return write_export(self.app, self.job, request)


def exported(app: App, job: str, kind: str, options: Mapping[str, Any]) -> ExportedRows:
    """The rows of this kind. Raises JobNotFound, and UsageFault for an unknown kind or option."""
    typed = typed_options(kind, options)
    found, columns = columns_of(app, job, kind, typed)
    return ExportedRows(found, kind, columns, typed, app)
