"""A file that is added to an open job: read in a stream, and stored in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rrm_queue.domain import JobId, Tournament
from rrm_queue.errors import MOST_PROBLEMS, BadInput, JobNotOpen, Problem
from rrm_queue.intake.reader import RowReader
from rrm_queue.intake.submission import good, slices
from rrm_queue.intake.submission_key import named
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.key_checks import keys_checked_by_index
from rrm_queue.store.queue import appending
from rrm_queue.store.queue.appending import OpenJob


@dataclass(frozen=True, slots=True)
class AppendedFile:
    """What was added to a job; `joined` counts the tournaments that were there before.

    `read_as` describes the files, `dropped` counts the empty answers that were left out.
    """

    job: JobId
    tournaments: int
    candidates: int
    joined: int = 0
    read_as: str = ""
    dropped: int = 0


def append_file(database: Database, job: OpenJob, reader: RowReader, source: str) -> AppendedFile:
    """Adds the tournaments that the reader brings; one without an id is named by its content.

    Raises JobNotOpen, and BadInput for bad lines and for a line whose id has another content in the
    job. Nothing is stored then.
    """
    if not job.open:
        raise JobNotOpen(job.id)
    problems: list[Problem] = []
    with database.begin() as tx, keys_checked_by_index(tx):
        added = AppendedFile(job.id, 0, 0)
        for part in slices(good(reader, problems)):
            added = _add(tx, job, [named(one) for one in part], added, problems)
        if problems:
            raise BadInput(source, sorted(problems, key=lambda p: p.line or 0)[:MOST_PROBLEMS])
        if added.tournaments:
            appending.count_appended(tx, job.id, added.tournaments, added.candidates)
    return replace(added, read_as=reader.description, dropped=reader.dropped)


def _add(
    tx: Transaction,
    job: OpenJob,
    part: Sequence[Tournament],
    before: AppendedFile,
    problems: list[Problem],
) -> AppendedFile:
    """Adds a slice, unless problems were found; notes the lines that are in conflict."""
    if len(problems) >= MOST_PROBLEMS:
        return before
    results = appending.append(tx, job.id, job.seed, part)
    problems += [
        Problem(f"the id '{one.key}' has another content in job {job.id}", one.line)
        for one, result in zip(part, results, strict=True)
        if not result.same
    ]
    new = [one for one, result in zip(part, results, strict=True) if result.new]
    return replace(
        before,
        tournaments=before.tournaments + len(new),
        candidates=before.candidates + sum(len(one.candidates) for one in new),
        joined=before.joined + len(part) - len(new),
    )
