"""A submission: files of prompts and answers become a job."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.actions.request import Request
from rrm_queue.actions.seeds import seed_warning
from rrm_queue.actions.settings import settings_fingerprint
from rrm_queue.broker.address import checked
from rrm_queue.errors import BrokerUnavailable
from rrm_queue.intake.reader import Source
from rrm_queue.intake.submission import Gate, Submitted
from rrm_queue.intake.submission import submit as store_submission
from rrm_queue.judging.kinds import kind_of

if TYPE_CHECKING:
    from rrm_queue.broker.client import BrokerClient


class Submission(NamedTuple):
    """What was stored; `warning` says what is wrong although it was.

    The coordinator could not be told of it, the judge's prompt is probably a mistake, or the seed
    has no effect on the judge's texts.
    """

    submitted: Submitted
    warning: str | None


def submit(
    app: App, sources: Sequence[Source], request: Request, *, gate: Gate | None = None
) -> Submission:
    """Stores the files' answers as a new job, or finds the job that the same submission made.

    The job is called after the files. Raises BadInput naming the bad lines, InputTooLarge,
    UsageFault for a URL that is no broker's, and what `gate` raises; nothing is stored then.
    """
    has_endpoint = kind_of(request.spec).has_endpoint
    app.ensure_processes(settings_fingerprint(app.settings) if has_endpoint else "")
    addresses = app.addresses
    checked(addresses.broker_url)  # a bad one is refused before anything is stored
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
    # Opened only now, as its client loads slowly: the coordinator begins the job meanwhile.
    broker = app.broker_at(addresses)
    if submitted.new:
        try:
            broker.epoch()  # the store woke the coordinators; they need a broker that answers
        except BrokerUnavailable as error:
            return Submission(submitted, f"{error}; the job is stored and starts when it is back")
    return Submission(submitted, request.warning or _seed_warning(broker, request))


def _seed_warning(broker: "BrokerClient", request: Request) -> str | None:
    """The warning, where the broker answers."""
    try:
        return seed_warning(broker, request)
    except BrokerUnavailable:
        return None
