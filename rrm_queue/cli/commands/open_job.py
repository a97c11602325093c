"""`rrmq open`: a job that takes answers until it is closed."""

from collections.abc import Sequence
from typing import Any

import click

from rrm_queue.actions.app import App
from rrm_queue.actions.judges import local_files
from rrm_queue.actions.open_jobs import open_job
from rrm_queue.actions.request import SubmitOptions, parse_extra, parse_sampling, request_of
from rrm_queue.actions.schemas import json_line
from rrm_queue.cli.options.flags import flag
from rrm_queue.cli.options.judging import judging_options
from rrm_queue.cli.render.terminal import warn
from rrm_queue.errors import spelled


@click.command("open")
@judging_options
@click.option(
    "--new", is_flag=True, help="Make a job even if one of this name and these options is open."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(sampling: Sequence[str], extra: Sequence[str], as_json: bool, **given: Any) -> None:
    """Open a job without answers; `rrmq submit FILE --into JOB` adds some.

    The job does not end before `rrmq close JOB`. With the same name and options as a job that is
    open, that job is printed and no other is made.
    """
    with App() as app:
        submit_options = SubmitOptions(
            sampling=parse_sampling(sampling), extra=parse_extra(extra), **given
        )
        files = local_files(app.settings.home)
        request = request_of(submit_options, app.settings.openai_base_url, files)
        warn(request.warning and spelled(request.warning, flag))
        opened = open_job(app, request)
    if as_json:
        click.echo(json_line(opened._asdict()))
    else:
        before = "" if opened.new else ", opened before"
        click.echo(f"job {opened.job}: open{before}; `rrmq submit FILE --into {opened.job}`")
