"""Open jobs: they take tournaments until they are closed."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import convert
from msgspec.structs import replace

from rrm_queue.actions.app import App
from rrm_queue.actions.control import Changed
from rrm_queue.actions.request import Request, needs_of
from rrm_queue.actions.settings import settings_fingerprint
from rrm_queue.domain import JobId, JudgeSpec
from rrm_queue.errors import BrokerUnavailable, UsageFault
from rrm_queue.intake.appending import AppendedFile, append_file
from rrm_queue.intake.formats.base import Empty, Ids
from rrm_queue.intake.formats.labels import LabelNumbers
from rrm_queue.intake.needs import Needs
from rrm_queue.intake.reader import Source, read
from rrm_queue.intake.submission_key import SubmissionKey
from rrm_queue.store.queue import appending
from rrm_queue.store.queue.appending import OpenJob
from rrm_queue.store.queue.submission import NewJob
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.strategies import judges_own_pairs

SOURCE = "open job"
"""The source of a job that was made without a file."""


class Opened(NamedTuple):
    """An open job; `new` is False when the job of this name and these options was open before."""

    job: JobId
    new: bool


class Appended(NamedTuple):
    """What was added to a job; `warning` says why the coordinator could not be told of it."""

    appended: AppendedFile
    warning: str | None


def open_job(app: App, request: Request) -> Opened:
    """An open job of these options. With a name it is the one that is open under this name.

    With `new` it is always another one.
    """
    app.ensure_processes(settings_fingerprint(app.settings) if request.has_endpoint else "")
    job = replace(request.job(SOURCE), open=True)
    named = request.name is not None and not request.new
    with app.begin() as tx:
        return Opened(*appending.open_job(tx, job, open_key(job, request.name) if named else None))


def open_key(job: NewJob, name: str | None) -> str:
    """What an open job is found again by: its options and its name."""
    return SubmissionKey(job, "open", name or "", job.ephemeral).digest()


def append(
    app: App,
    job: str,
    sources: Sequence[Source],
    *,
    format: str | None = None,  # noqa: A002  # the option's name
    mapping: Mapping[str, str] | None = None,
    empty: Empty = Empty.REFUSE,
    labels: LabelNumbers = LabelNumbers.NONE,
    ids: Ids = Ids.GIVEN,
) -> Appended:
    """Adds the files' tournaments to an open job.

    An id with the same content joins what is there. Raises JobNotFound, JobNotOpen, InputTooLarge,
    and BadInput naming the bad lines and those whose id has another content there; nothing is
    stored then.
    """
    app.ensure_processes()
    broker = app.broker
    with app.begin() as tx:
        into = appending.read_open_job(tx, find_job(tx, job))
    reader = read(
        sources,
        needs=needs_of_job(into),
        format=format,
        mapping=mapping,
        empty=empty,
        labels=labels,
        ids=ids,
        max_bytes=app.settings.max_input,
        name_lines=False,
    )
    name = ", ".join(source.name for source in sources)
    appended = append_file(app.database, into, reader, name)
    try:
        broker.wake()
    except BrokerUnavailable as error:
        return Appended(appended, f"{error}; the answers are stored and judged when it is back")
    return Appended(appended, None)


def close_job(app: App, job: str) -> Changed[bool]:
    """Lets the job end once its last tournament is over; `done` is whether it was open."""
    with app.begin() as tx:
        found = find_job(tx, job)
        done = appending.close_job(tx, found)
        return Changed(done, view_job(tx, found))


def needs_of_job(job: OpenJob) -> Needs:
    """What the job needs of each tournament."""
    return needs_of(convert(job.judge, JudgeSpec), job.strategy)


def refuse_own_pairs(request: Request) -> None:
    """Raises UsageFault for a strategy that judges pairs of a file: answers alone have none."""
    if judges_own_pairs(request.strategy):
        raise UsageFault(f"strategy {request.strategy} needs the pairs of a file")
