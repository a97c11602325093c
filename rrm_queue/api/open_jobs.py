"""Open jobs from Python: made, added to, and closed by `Job.close`."""

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any

from rrm_queue.actions import open_jobs, options
from rrm_queue.actions.judges import local_files
from rrm_queue.actions.request import SubmitOptions, request_of
from rrm_queue.api.app import shared_app
from rrm_queue.api.job import Job, warn
from rrm_queue.api.submitting import Row, opened_source
from rrm_queue.intake.appending import AppendedFile


def open_job(*, name: str | None = None, new: bool = False, **given: Any) -> Job:
    """A job that takes answers until it is closed; the options are those of `submit`.

    With the same name and options as a job that is open, it is that job, unless `new`. Raises
    UsageFault.
    """
    app = shared_app()
    asked = SubmitOptions(name=name, new=new, **given)
    files = local_files(app.settings.home)
    opened = open_jobs.open_job(app, request_of(asked, app.settings.openai_base_url, files))
    return Job(opened.job, opened.new)


def append(
    job: Job | str,
    source: str | PathLike[str] | Iterable[Row],
    *,
    format: str | None = None,  # noqa: A002  # the option's name
    mapping: Mapping[str, str] | None = None,
    empty: str = options.EMPTY.default,
    labels: str = options.LABELS.default,
    ids: str = options.IDS.default,
) -> AppendedFile:
    """Adds a file or rows to an open job; the same id with the same content joins what is there.

    Raises BadInput naming the bad lines, and those whose id has another content there; nothing is
    stored then. Raises JobNotFound and JobNotOpen.
    """
    with opened_source(source) as opened:
        appended, warning = open_jobs.append(
            shared_app(),
            job.id if isinstance(job, Job) else job,
            [opened],
            format=format,
            mapping=mapping,
            empty=options.EMPTY.checked(empty),
            labels=options.LABELS.checked(labels),
            ids=options.IDS.checked(ids),
        )
    warn(warning)
    return appended
