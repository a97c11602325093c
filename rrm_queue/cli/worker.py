"""`rrmq worker`: judges batches until it is stopped."""

import click
from rrm_worker.service import serve

from rrm_queue.cli.composition import broker_url, log_to_stderr, read_settings, reveal
from rrm_queue.judging.engines import KINDS
from rrm_queue.judging.engines.base import EngineSettings


@click.command("worker")
@click.option(
    "--judge",
    "kinds",
    multiple=True,
    type=click.Choice(KINDS),
    default=KINDS,
    help="A kind of judge to serve; may be given several times. By default all of them.",
)
@click.option(
    "--concurrency", type=click.IntRange(1, 4096), help="Votes in flight; RRMQ_CONCURRENCY."
)
def command(kinds: tuple[str, ...], concurrency: int | None) -> int:
    """Judge batches until stopped; needs a broker and nothing else."""
    settings = read_settings()
    log_to_stderr(settings)
    return serve(
        broker_url(settings),
        kinds=kinds,
        concurrency=concurrency or settings.concurrency,
        engines=EngineSettings(settings.openai_base_url, reveal(settings.openai_api_key) or None),
    )
