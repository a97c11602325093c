"""`rrmq submit`: a file of prompts and answers becomes a job."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import click
from msgspec import to_builtins

from rrm_queue.broker.app import judge_queue
from rrm_queue.cli.composition import (
    connect,
    open_link,
    open_store,
    openai_mark,
    read_settings,
)
from rrm_queue.cli.dry_run import pace, print_dry_run, weigh
from rrm_queue.cli.opening import opened_file
from rrm_queue.cli.sizing import LargeJobGate, asks, sizing_options
from rrm_queue.cli.submitted import how_read, what_came_of_it
from rrm_queue.cli.terminal import printable
from rrm_queue.cli.voting_options import voting_of, voting_options
from rrm_queue.cli.watch import watch
from rrm_queue.domain import JobState, Seeding
from rrm_queue.errors import BrokerUnavailable, UsageFault
from rrm_queue.estimates import Scale
from rrm_queue.intake.formats import NAMES as NAMES_OF_FORMATS
from rrm_queue.intake.formats.base import Empty
from rrm_queue.intake.mapping import parse_mapping
from rrm_queue.intake.needs import Needs
from rrm_queue.intake.reader import Source, read
from rrm_queue.intake.submission import submit
from rrm_queue.judging.engines.replay import check_file
from rrm_queue.judging.spec import (
    KNOWN,
    needs_gold,
    needs_reference,
    parse_spec,
    with_sampling,
    with_template,
)
from rrm_queue.store.tables import Job
from rrm_queue.strategies import NAMES, named
from rrm_queue.strategies.pairs import Pairs

if TYPE_CHECKING:
    from rrm_queue.broker.link import BrokerLink
    from rrm_queue.messages import JudgeSpec

LONGEST_WORD = 1000  # characters


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
    help="What an empty answer costs: the submission, or only itself.",
)
@click.option("--strategy", default="knockout", help=f"How to rank: {', '.join(NAMES)}.")
@click.option("--judge", default="reference", help=f"Who judges: {', '.join(KNOWN)}.")
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
    settings = read_settings()
    own_pairs = named(strategy, seeding=Seeding(seeding)).name == Pairs.name
    spec = _judge(judge, settings.openai_base_url, sampling, template)
    needs = Needs(needs_reference(spec), needs_gold(spec), own_pairs)
    mapping = parse_mapping(mapped)
    vote = voting_of(**voting)
    scale = Scale(strategy, Seeding(seeding), spec, vote, agreement)
    job = Job(
        id=token_hex(6),
        name=_speakable(name, "--name") if name else None,
        source=printable(", ".join(files))[:LONGEST_WORD],
        state=JobState.QUEUED,
        strategy=strategy,
        seeding=Seeding(seeding),
        judge=to_builtins(spec),
        queue=judge_queue(spec),
        voting=to_builtins(vote),
        seed=seed,
        priority=priority,
    )
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
        mark = openai_mark(settings) if spec.kind == "openai" else ""
        addresses = connect(settings, mark=mark)
        link = open_link(addresses)
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
        _wake(link)
    if not as_json:
        if read_as := how_read(submitted):
            click.echo(read_as, err=True)
        click.echo(what_came_of_it(submitted))
    elif not watching:
        click.echo(json.dumps(asdict(submitted)))
    return watch(settings, addresses, submitted.job, as_json=as_json) if watching else 0


def _judge(judge: str, base_url: str, sampling: Sequence[str], template: str | None) -> "JudgeSpec":
    """The judge that the options describe; what it needs from files is there and readable."""
    spec = parse_spec(_speakable(judge, "--judge"), base_url=base_url, folder=Path.cwd())
    if spec.kind == "replay":
        check_file(spec.argument)
    pairs = [setting.partition("=") for setting in sampling]
    spec = with_sampling(spec, {name: value for name, _, value in pairs})
    if template is None:
        return spec
    try:
        return with_template(spec, Path(template).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageFault(f"{template} is no readable template: {error}") from error


def _speakable(text: str, what: str) -> str:
    """`text`, if it can stand in a table and on a terminal."""
    if len(text) > LONGEST_WORD or not text.isprintable():
        raise UsageFault(f"{what} must be printable text of at most {LONGEST_WORD} characters")
    return text


def _wake(link: "BrokerLink") -> None:
    """Tells the coordinator; a broker that is away only costs it the time to look by itself."""
    try:
        link.wake()
    except BrokerUnavailable as error:
        click.echo(f"rrmq: {error}; the job is stored and starts when it is back", err=True)
