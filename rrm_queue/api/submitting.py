"""Submitting from Python: a file or rows, with the options of `rrmq submit`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike, fspath
from typing import Any

from rrm_queue.actions import options
from rrm_queue.actions.input_files import open_bytes
from rrm_queue.actions.judges import local_files
from rrm_queue.actions.request import SubmitOptions, request_of
from rrm_queue.actions.submit import submit as submit_sources
from rrm_queue.api.app import shared_app
from rrm_queue.api.job import Job, warn
from rrm_queue.intake.reader import Source
from rrm_queue.intake.rows import NAME, stream_of

Row = Mapping[str, Any]
"""One prompt with its candidates, as a line of `docs/input.md`."""


def submit(
    source: str | PathLike[str] | Iterable[Row],
    *,
    strategy: str = "knockout",
    confidence: float | None = None,
    budget: int | None = None,
    judge: str | Sequence[str] = "reference",
    votes: int = options.VOTES.default,
    order: str = options.ORDER.default,
    launch: str = options.LAUNCH.default,
    stop: str | None = None,
    on_no_verdict: str = options.ON_NO_VERDICT.default,
    on_refused: str = options.ON_REFUSED.default,
    resamples: int = options.RESAMPLES.default,
    sampling: Mapping[str, object] | None = None,
    extra: Mapping[str, object] | None = None,
    template: str | PathLike[str] | None = None,
    dialect: str | None = None,
    thinks: bool | None = None,
    criteria: str | PathLike[str] | None = None,
    seed: int = options.SEED.default,
    seeding: str = options.SEEDING.default,
    name: str | None = None,
    priority: int = options.PRIORITY.default,
    format: str | None = None,  # noqa: A002  # the option's name
    mapping: Mapping[str, str] | None = None,
    empty: str = options.EMPTY.default,
    labels: str = options.LABELS.default,
    ids: str = options.IDS.default,
    new: bool = False,
    keep_going: bool = False,
    price: str | None = None,
    max_cost: float | None = None,
    logprobs: bool = False,
) -> Job:
    """Makes a job of a file or of rows; the options are those of `rrmq submit`.

    The same content with the same options is the same job, unless `new`. Raises BadInput naming the
    bad lines (of rows: their number from 1) and UsageFault for wrong options; then nothing is
    stored.
    """
    app = shared_app()
    given = SubmitOptions(
        strategy=strategy,
        confidence=confidence,
        budget=budget,
        judge=judge,
        votes=votes,
        order=order,
        launch=launch,
        stop=stop,
        on_no_verdict=on_no_verdict,
        on_refused=on_refused,
        resamples=resamples,
        sampling=sampling or {},
        extra=extra or {},
        template=template,
        dialect=dialect,
        thinks=thinks,
        criteria=criteria,
        seed=seed,
        seeding=seeding,
        name=name,
        priority=priority,
        format=format,
        mapping=mapping,
        empty=empty,
        labels=labels,
        ids=ids,
        new=new,
        keep_going=keep_going,
        price=price,
        max_cost=max_cost,
        logprobs=logprobs,
    )
    files = local_files(app.settings.home)
    request = request_of(given, app.settings.openai_base_url, files)
    with opened_source(source) as opened:
        submitted, warning = submit_sources(app, [opened], request)
    warn(warning)
    return Job(submitted.job, submitted.new)


@contextmanager
def opened_source(source: str | PathLike[str] | Iterable[Row]) -> Iterator[Source]:
    """The file, or the rows, as something to read."""
    if not isinstance(source, str | PathLike):
        yield Source(NAME, stream_of(source))
        return
    path = fspath(source)
    with open_bytes(path) as stream:
        yield Source(path, stream)
