"""`rrmq submit`: a file of prompts and answers becomes a job."""

import gc
import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

import click

from rrm_queue.actions.app import (
    connect,
    open_broker,
    open_store,
    read_settings,
)
from rrm_queue.actions.estimate import pace, print_dry_run, weigh
from rrm_queue.actions.input_files import opened_file
from rrm_queue.actions.request import Request, fingerprint_of, judge_of, wake
from rrm_queue.actions.watch import watch
from rrm_queue.cli.options.sizing import LargeJobGate, asks, sizing_options
from rrm_queue.cli.options.voting import voting_of, voting_options
from rrm_queue.cli.render.submitted import how_read, what_came_of_it
from rrm_queue.domain import Seeding
from rrm_queue.estimates import Scale
from rrm_queue.intake.formats import NAMES as NAMES_OF_FORMATS
from rrm_queue.intake.formats.base import Empty
from rrm_queue.intake.mapping import parse_mapping
from rrm_queue.intake.reader import Source, read
from rrm_queue.intake.submission import submit
from rrm_queue.judging.kinds import USAGE
from rrm_queue.strategies import NAMES
from rrm_queue.text import printable


@click.command("submit")
@click.argument("files", metavar="FILE...|-", nargs=-1, required=True)
@click.option(
    "--format", "known", type=click.Choice(NAMES_OF_FORMATS), help="What the rows are, if not told."
)
@click.option(
    "--map",
    "mapped",
    metavar="KEY=COLUMN",
    multiple=True,
    help="Read a column under the name that the format has for it; may be given several times.",
)
@click.option(
    "--empty",
    type=click.Choice([empty.value for empty in Empty]),
    default=Empty.REFUSE.value,
    help="What an empty answer costs: the submission, only itself, or nothing.",
)
@click.option(
    "--strategy",
    default="knockout",
    help=f"How to rank: {', '.join(NAMES)}; sampled, swiss and pivot may be followed by :NUMBER.",
)
@click.option("--judge", default="reference", help=f"Who judges: {', '.join(USAGE)}.")
@voting_options
@click.option(
    "--sampling",
    metavar="KEY=VALUE",
    multiple=True,
    help="A text judge's temperature, top_p, max_tokens or regex; may be given several times.",
)
@click.option("--template", metavar="FILE", help="A prompt of your own for a text judge (Jinja2).")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, help="All chance is its.")
@click.option(
    "--seeding",
    type=click.Choice([seeding.value for seeding in Seeding]),
    default=Seeding.RANDOM.value,
    help="A knockout's bracket: drawn from the seed, or the file's order.",
)
@click.option("--name", help="A name of yours for the job.")
@click.option(
    "--priority", type=click.IntRange(1, 100), default=1, help="The job's weight among others."
)
@click.option(
    "--new", "anew", is_flag=True, help="Make a job even if the same submission made one before."
)
@sizing_options
@click.option("--watch", "watching", is_flag=True, help="Stay and show the progress.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    files: Sequence[str],
    known: str | None,
    mapped: Sequence[str],
    empty: str,
    strategy: str,
    judge: str,
    sampling: Sequence[str],
    template: str | None,
    seed: int,
    seeding: str,
    name: str | None,
    priority: int,
    anew: bool,
    dry_run: bool,
    agreement: float,
    rate: float | None,
    gpus: int | None,
    yes: bool,
    watching: bool,
    as_json: bool,
    **voting: Any,
) -> int:
    """Rank the answers of the FILEs; `-` reads standard input.

    A row is {"id"?, "prompt", "candidates": ["text" or {"id"?, "text", "generator"?}],
    "reference"?}, or of another format that is known (docs/input.md), in JSON lines, JSON, CSV or
    Parquet, packed by gzip or zstd or not. The same answers with the same options are the same
    submission: the job that it made the first time answers for it.
    """
    _collect_rarely()
    settings = read_settings()
    pairs = [setting.partition("=") for setting in sampling]
    request = Request(
        strategy=strategy,
        seeding=Seeding(seeding),
        spec=judge_of(
            judge, settings.openai_base_url, {key: value for key, _, value in pairs}, template
        ),
        voting=voting_of(**voting),
        seed=seed,
        name=name,
        priority=priority,
    )
    spec, needs, job = request.spec, request.needs(), request.job(", ".join(files))
    mapping = parse_mapping(mapped)
    scale = Scale(strategy, request.seeding, spec, request.voting, agreement)
    with ExitStack() as opened:
        sources = [
            Source(printable(file), opened.enter_context(opened_file(file))) for file in files
        ]
        if dry_run:
            reading = read(sources, needs=needs, format=known, mapping=mapping, empty=Empty(empty))
            weigh(reading, scale, job.source)
            opened.close()
            found = pace(settings, spec, rate, gpus)
            print_dry_run(scale, agreement, found, reading, as_json=as_json)
            return 0
        large = LargeJobGate(scale, settings.confirm_above, before=opened.close)
        addresses = connect(settings, fingerprint=fingerprint_of(settings, spec))
        link = open_broker(addresses)
        with open_store(addresses) as database:
            submitted = submit(
                database,
                sources,
                job,
                needs=needs,
                anew=anew,
                format=known,
                mapping=mapping,
                empty=Empty(empty),
                gate=large if asks(files, yes=yes) else None,
            )
    if submitted.new:
        wake(link)
    if not as_json:
        if read_as := how_read(submitted):
            click.echo(read_as, err=True)
        click.echo(what_came_of_it(submitted))
    elif not watching:
        click.echo(json.dumps(asdict(submitted)))
    return watch(settings, addresses, submitted.job, as_json=as_json) if watching else 0


def _collect_rarely() -> None:
    """Keeps the collector of cycles from what is imported, and mostly from rows, which are none.

    Else it takes a third of the time of reading a long file.
    """
    gc.freeze()
    gc.set_threshold(100_000, 10, 10)
