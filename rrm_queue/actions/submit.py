"""A submission: files of prompts and answers become a job."""

from collections.abc import Sequence
from typing import NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.actions.request import Request
from rrm_queue.actions.settings import settings_fingerprint
from rrm_queue.errors import BrokerUnavailable
from rrm_queue.intake.reader import Source
from rrm_queue.intake.submission import Gate, Submitted
from rrm_queue.intake.submission import submit as store_submission
from rrm_queue.judging.kinds import kind_of


class Submission(NamedTuple):
    """What was stored; `warning` says what is wrong although it was.

    The coordinator could not be told of it, or the judge's prompt is probably a mistake.
    """

    submitted: Submitted
    warning: str | None


def submit(
    app: App, sources: Sequence[Source], request: Request, *, gate: Gate | None = None
) -> Submission:
    """Stores the files' answers as a new job, or finds the job that the same submission made.

    The job is called after the files. Raises BadInput naming the bad lines, InputTooLarge, and
    what `gate` raises; nothing is stored then.
    """
    has_endpoint = kind_of(request.spec).has_endpoint
    app.ensure_processes(settings_fingerprint(app.settings) if has_endpoint else "")
    broker = app.broker
    submitted = store_submission(
        app.database,
        sources,
        request.job(", ".join(source.name for source in sources)),
        needs=request.needs,
        anew=request.new,
        format=request.format,
        mapping=request.mapping,
        empty=request.empty,
        labels=request.labels,
        ids=request.ids,
        max_bytes=app.settings.max_input,
        gate=gate,
    )
    if submitted.new:
        try:
            broker.epoch()  # the store woke the coordinators; they need a broker that answers
        except BrokerUnavailable as error:
            return Submission(submitted, f"{error}; the job is stored and starts when it is back")
    return Submission(submitted, request.warning)
