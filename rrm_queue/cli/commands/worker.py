"""`rrmq worker`: judges batches until it is stopped."""

import logging
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import click
from rrm_worker.engine_flags import judging_flags
from rrm_worker.engine_process import HOST, EngineProcess, free_port, launch_command
from rrm_worker.service import GRACE_SECONDS, Serving, serve

from rrm_queue.actions.app import broker_url
from rrm_queue.actions.engines import engine_settings
from rrm_queue.actions.logs import log_to_stderr
from rrm_queue.actions.settings import read_settings
from rrm_queue.cli.options.metrics import metrics_options
from rrm_queue.cli.options.ranges import Numbers, WholeNumbers
from rrm_queue.errors import UsageFault
from rrm_queue.judging.kinds import SERVED_ALONE, SERVED_TOGETHER, served_kind, worker_queue


@click.command("worker")
@click.option(
    "--judge",
    "judges",
    multiple=True,
    default=SERVED_TOGETHER,
    metavar="NAME",
    help=f"What to serve: one or several of {', '.join(SERVED_TOGETHER)},"
    f" or one judge on SGLang: {', '.join(SERVED_ALONE)}.",
)
@click.option("--model", help="Launch SGLang with this model: a folder, or a name on Hugging Face.")
@click.option("--sglang-url", metavar="URL", help="Use an SGLang server that is already running.")
@click.option(
    "--engine-args",
    default="",
    show_default=False,
    metavar="FLAGS",
    help="More flags for the launched SGLang.",
)
@click.option(
    "--engine-python",
    default=sys.executable,
    show_default=False,
    metavar="PATH",
    help="The Python that SGLang is installed in; by default this one.",
)
@click.option(
    "--engine-log",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the output of the launched SGLang; by default it goes into the worker's log.",
)
@click.option(
    "--deterministic",
    is_flag=True,
    help="Launch SGLang so that a vote's seed decides its text, which is slower. Needs a GPU.",
)
@click.option(
    "--no-share-prefixes",
    is_flag=True,
    help="Send all requests at once, instead of one first that computes the shared prefix.",
)
@click.option(
    "--concurrency",
    type=WholeNumbers(1, 4096),
    help="Votes in flight at once; for a judge on SGLang, whose server sets that limit, the "
    "matches taken at once. By default RRMQ_CONCURRENCY, and for SGLang then by its load.",
)
@click.option(
    "--grace",
    type=Numbers(min=0),
    default=GRACE_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="How long to finish matches after SIGTERM; those that are left are returned to the queue.",
)
@metrics_options
def command(
    judges: tuple[str, ...],
    model: str | None,
    sglang_url: str | None,
    engine_args: str,
    engine_python: str,
    engine_log: Path | None,
    deterministic: bool,
    no_share_prefixes: bool,
    concurrency: int | None,
    grace: float,
    metrics_port: int | None,
    metrics_host: str,
) -> int:
    """Judge batches until stopped. Needs a broker, and for a judge on SGLang a GPU or a server."""
    served = _served(judges)
    _check_engine(served, model=model, url=sglang_url)
    if model is None and (engine_args or engine_log or deterministic):
        options = "--engine-args, --engine-log and --deterministic"
        raise UsageFault(f"{options} are for the SGLang that --model launches")
    process = None
    if model is not None:
        port = free_port()
        sglang_url = f"http://{HOST}:{port}"
        flags = judging_flags(_words(engine_args), deterministic=deterministic)
        line = launch_command(engine_python, model, port, flags)
        process = EngineProcess(line, _environment(), _sink(engine_log))
        if engine_python == sys.executable and find_spec("sglang") is None:
            raise UsageFault(_NO_SGLANG)
    settings = read_settings()
    log_to_stderr(settings)
    engines = engine_settings(
        settings, sglang_url=sglang_url or "", share_prefixes=not no_share_prefixes
    )
    serving = Serving(
        judges=served,
        concurrency=concurrency or settings.concurrency,
        engines=engines,
        process=process,
        by_load=sglang_url is not None and concurrency is None,
        grace=grace,
        metrics_host=metrics_host,
        metrics_port=metrics_port,
    )
    return serve(broker_url(settings), serving)


_NO_SGLANG = (
    "SGLang is not installed here: run `pip install sglang` on a machine with a GPU, or name a "
    "Python that has it with --engine-python, or a server with --sglang-url"
)


def _served(judges: Sequence[str]) -> list[str]:
    """The judges, each queue once. Raises UsageFault for what one worker cannot serve."""
    names = list({worker_queue(name): name for name in judges}.values())
    alone = [name for name in names if served_kind(name).needs_server]
    if alone and len(names) > 1:
        raise UsageFault(f"a worker that serves {alone[0]} serves no other judge")
    return names


def _check_engine(served: Sequence[str], *, model: str | None, url: str | None) -> None:
    """Raises UsageFault unless there is one engine for a judge that needs it, none for others."""
    if not served_kind(served[0]).needs_server:
        if model is not None or url is not None:
            raise UsageFault(
                f"{served[0]} needs no SGLang: name a judge on SGLang with --judge, such as rrm-7b"
            )
        return
    if (model is None) == (url is None):
        raise UsageFault(f"{served[0]} needs either --model or --sglang-url")
    if url is not None and not url.startswith(("http://", "https://")):
        raise UsageFault(f"{url!r} is no URL; it looks like http://host:30000")


def _words(engine_args: str) -> list[str]:
    try:
        return shlex.split(engine_args)
    except ValueError as error:
        raise UsageFault(f"--engine-args: {error}") from error


def _environment() -> dict[str, str]:
    """The engine's environment: without rrmq's addresses and keys."""
    return {name: value for name, value in os.environ.items() if not name.startswith("RRMQ_")}


def _sink(file: Path | None) -> Callable[[str], None]:
    """Where the engine's output goes: into the file, or into the worker's log."""
    if file is None:
        return logging.getLogger("sglang").info
    try:
        written = file.open("a", encoding="utf-8", buffering=1)
    except OSError as error:
        raise UsageFault(f"--engine-log {file}: {error.strerror}") from error
    return lambda line: print(line, file=written)
