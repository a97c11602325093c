"""`rrmq submit`: files of prompts and answers become a job."""

import gc
from collections.abc import Mapping, Sequence
from typing import Any

import click
from click.core import ParameterSource

from rrm_queue.actions import options
from rrm_queue.actions.app import App
from rrm_queue.actions.estimate import estimate, scale_of, with_history
from rrm_queue.actions.judges import local_files
from rrm_queue.actions.request import SubmitOptions, parse_extra, parse_sampling, request_of
from rrm_queue.actions.submit import submit
from rrm_queue.cli import exit_codes
from rrm_queue.cli.options.checked import choice_option
from rrm_queue.cli.options.flags import flag
from rrm_queue.cli.options.judging import judging_options
from rrm_queue.cli.options.sizing import LargeJobGate, can_ask, sizing_options
from rrm_queue.cli.render.reading import opened_sources
from rrm_queue.cli.render.submitted import print_appended, print_submitted
from rrm_queue.cli.render.terminal import warn
from rrm_queue.errors import Message, Option, UsageFault, spelled
from rrm_queue.intake.formats import NAMES as FORMATS
from rrm_queue.intake.formats.base import Empty, Ids
from rrm_queue.intake.formats.labels import LabelNumbers
from rrm_queue.intake.mapping import parse_mapping

READING = frozenset(
    {"files", "format", "mapped", "empty", "labels", "ids", "into", "yes", "as_json"}
)
"""The options that go with --into: those of files. The others belong to the open job."""


@click.command("submit")
@click.argument("files", metavar="FILE...|-", nargs=-1, required=True)
@click.option(
    "--format", type=click.Choice(FORMATS), help="The format of the rows; recognised if not given."
)
@click.option(
    "--map",
    "mapped",
    metavar="KEY=COLUMN",
    multiple=True,
    help="Read a column under the name that the format has for it; may be given several times.",
)
@choice_option(options.EMPTY)
@choice_option(options.LABELS)
@choice_option(options.IDS)
@judging_options
@click.option("--new", is_flag=True, help="Make a job even if the same submission made one before.")
@click.option(
    "--into",
    metavar="JOB",
    help="Add the answers to this open job (`rrmq open`), by the job's own options.",
)
@sizing_options
@click.option("--watch", "watching", is_flag=True, help="Stay and show the progress.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    files: Sequence[str],
    mapped: Sequence[str],
    sampling: Sequence[str],
    extra: Sequence[str],
    into: str | None,
    dry_run: bool,
    agreement: float,
    rate: float | None,
    gpus: int | None,
    yes: bool,
    watching: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Rank the answers of the FILEs; `-` reads standard input.

    A row is {"id"?, "prompt", "candidates": ["text" or {"id"?, "text", "generator"?}],
    "reference"?}, or of another known format (docs/input.md). Files are JSON lines, JSON, CSV or
    Parquet, and may be compressed by gzip or zstd. The same answers with the same options are the
    same submission: they make one job, and a repeated submission prints that job.
    """
    if into is not None:
        return _append(files, into, parse_mapping(mapped), given, as_json=as_json)
    _check_dry_run(dry_run, rate=rate, gpus=gpus, watch=watching or None)
    _collect_rarely()
    submit_options = SubmitOptions(
        mapping=parse_mapping(mapped),
        sampling=parse_sampling(sampling),
        extra=parse_extra(extra),
        **given,
    )
    with App() as app:
        judges = local_files(app.settings.home)
        request = request_of(submit_options, app.settings.openai_base_url, judges)
        if dry_run:
            from rrm_queue.cli.render.estimate import print_estimate  # loads Rich

            warn(request.warning and spelled(request.warning, flag))
            with opened_sources(files) as (sources, _):
                estimated = estimate(sources, request, agreement, app.settings.max_input)
            estimated = with_history(app, estimated, request, rate, gpus)
            print_estimate(estimated, as_json=as_json)
            return exit_codes.OK
        with opened_sources(files) as (sources, close):
            gate = None
            if can_ask(files, yes=yes):
                scale, most = scale_of(request, agreement), app.settings.confirm_above
                gate = LargeJobGate(scale, most, before=close)
            submitted, warning = submit(app, sources, request, gate=gate)
        warn(warning and spelled(warning, flag))
        if not (as_json and watching):
            print_submitted(submitted, as_json=as_json)
        if watching:
            # Imported only now: it loads Rich, and the job has begun.
            from rrm_queue.cli.render.watching import show_until_end

            return show_until_end(app, submitted.job, as_json=as_json)
    return exit_codes.OK


def _append(
    files: Sequence[str],
    job: str,
    mapping: Mapping[str, str],
    given: Mapping[str, Any],
    *,
    as_json: bool,
) -> int:
    """Adds the files to an open job. Raises UsageFault for options that the job has already."""
    context = click.get_current_context()
    for option in context.command.params:
        name = option.name or ""
        given_here = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given_here and name not in READING:
            raise UsageFault(f"{option.opts[0]} does not go with --into: the job has its own")
    from rrm_queue.actions.open_jobs import append  # few submissions need it

    with App() as app, opened_sources(files) as (sources, _):
        appended, warning = append(
            app,
            job,
            sources,
            format=given["format"],
            mapping=mapping,
            empty=Empty(given["empty"]),
            labels=LabelNumbers(given["labels"]),
            ids=Ids(given["ids"]),
        )
    warn(warning)
    print_appended(appended, as_json=as_json)
    return exit_codes.OK


def _check_dry_run(dry_run: bool, *, watch: bool | None, **estimate: float | None) -> None:
    """Raises UsageFault for an option of the estimate without one, and for watching no job."""
    wrong = {"watch": watch} if dry_run else estimate
    for name, value in wrong.items():
        if value is not None:
            joined = " does not go with " if dry_run else " goes with "
            raise UsageFault(Message(Option(name), joined, Option("dry_run")))


def _collect_rarely() -> None:
    """Keeps the collector of cycles from what is imported, and mostly from rows, which have none.

    Otherwise it takes a third of the time of reading a long file.
    """
    gc.freeze()
    gc.set_threshold(100_000, 10, 10)
