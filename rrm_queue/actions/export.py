"""A job's results as files that other programs read."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.actions.atomic_file import opened, target_of
from rrm_queue.domain import JobId
from rrm_queue.errors import Message, Option, UsageFault
from rrm_queue.exports import export_of
from rrm_queue.exports.base import Detail, Export, Row
from rrm_queue.exports.formats import Write, write_json_lines, writer_of
from rrm_queue.exports.verdicts import Verdicts
from rrm_queue.exports.votes import Votes
from rrm_queue.store.database import Transaction
from rrm_queue.store.views.exports import finished_tournaments
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.views.jobs import JobView


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What to export: its `kind` and that kind's own `options`.

    `output` is the file, None for JSON lines on stdout. `force` replaces a file that exists;
    `defuse` makes formulas in CSV harmless.
    """

    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)
    output: Path | None = None
    force: bool = False
    defuse: bool = False


class Exported(NamedTuple):
    """What was written: how many `rows` of how many `tournaments` of the job.

    `failed` of the tournaments have failed. `contradicted` matches are left out of a recording
    because their pair had met before and ended otherwise.
    """

    view: JobView
    rows: int
    tournaments: int
    contradicted: int = 0
    failed: int = 0


def export(app: App, job: str, request: ExportRequest) -> Exported:
    """Writes the job's rows; a file appears whole or not at all.

    Raises JobNotFound, and UsageFault for options that do not go together or a file that may not be
    written; these are found before the store is opened.
    """
    target = None if request.output is None else target_of(request.output, force=request.force)
    write = _writer(request, target)
    export_of(request.kind, request.options)  # options that do not fit are found early
    with app.begin() as tx:
        view = view_job(tx, find_job(tx, job))
        counted = _CountedRows(_made(tx, view, request.kind, request.options))
        with opened(target, force=request.force) as stream:
            write(stream, counted.export.columns, counted.read(tx, view))
    made = counted.export
    contradicted = made.contradicted if isinstance(made, Verdicts) else 0
    return Exported(view, counted.rows, counted.tournaments, contradicted, counted.failed)


def columns_of(
    app: App, job: str, kind: str, options: Mapping[str, Any]
) -> tuple[JobId, Sequence[str]]:
    """The job's whole id, and the columns of this export of it.

    Raises JobNotFound, and UsageFault for an unknown option.
    """
    export_of(kind, options)
    with app.begin() as tx:
        view = view_job(tx, find_job(tx, job))
        return view.id, list(_made(tx, view, kind, options).columns)


@contextmanager
def open_rows(app: App, job: str, kind: str, options: Mapping[str, Any]) -> Iterator[Iterator[Row]]:
    """The rows of an export while the context is open; streamed. Raises JobNotFound."""
    with app.begin() as tx:
        view = view_job(tx, find_job(tx, job))
        yield _CountedRows(_made(tx, view, kind, options)).read(tx, view)


def _made(tx: Transaction, view: JobView, kind: str, options: Mapping[str, Any]) -> Export:
    """The export, with what of the job itself this kind has to know."""
    if kind == "verdicts":
        return export_of(kind, {**options, "voting": view.voting})
    if kind == "votes":
        return export_of(kind, {**options, "voting": view.voting, "judge": view.judge})
    if options.get("control") is not None:
        from rrm_queue.actions.style_control import style_handicap  # it loads SciPy

        handicap = style_handicap(tx, view, options["control"])
        return export_of(kind, {**options, "handicap": handicap})
    return export_of(kind, options)


def _writer(request: ExportRequest, target: Path | None) -> Write:
    if target is None:
        if request.defuse:
            raise UsageFault(Message(Option("defuse"), " needs a CSV file: name it FILE.csv"))
        return write_json_lines
    write = writer_of(target.suffix, defuse=request.defuse)
    if request.options.get("messages") and target.suffix.lower() == ".csv":
        raise UsageFault("a CSV cell cannot hold a list of messages: name it .jsonl or .parquet")
    if request.kind == "verdicts" and write is not write_json_lines:
        raise UsageFault("the judge replay reads verdicts as JSON lines: name the file .jsonl")
    return write


class _CountedRows:
    """The rows of an export, counted, and the tournaments that they are made of."""

    def __init__(self, export: Export) -> None:
        self.export = export
        self.tournaments = self.rows = self.failed = 0

    def read(self, tx: Transaction, view: JobView) -> Iterator[Row]:
        """Every row of the job."""
        detail = self.export.detail
        found = finished_tournaments(
            tx,
            view.id,
            matches=detail is not Detail.NOTHING,
            votes=detail in (Detail.VERDICTS, Detail.VOTES),
            texts=detail is Detail.VOTES,
            failed=isinstance(self.export, Votes) and self.export.include_failed,
        )
        for tournament in found:
            self.tournaments += 1
            self.failed += tournament.failed
            for row in self.export.rows(tournament):
                self.rows += 1
                yield row
