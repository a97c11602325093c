"""`rrmq open`: a job that takes answers until it is closed."""

from collections.abc import Sequence
from typing import Any

import click

from rrm_queue.actions.app import App
from rrm_queue.actions.open_jobs import open_job
from rrm_queue.actions.request import SubmitOptions, parse_sampling, request_of
from rrm_queue.actions.schemas import json_line
from rrm_queue.cli.options.judging import judging_options


@click.command("open")
@judging_options
@click.option(
    "--new", is_flag=True, help="Make a job even if one of this name and these options is open."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(sampling: Sequence[str], as_json: bool, **given: Any) -> None:
    """Open a job without answers; `rrmq submit FILE --into JOB` adds some.

    The job does not end before `rrmq close JOB`. With the same name and options as a job that is
    open, that job is printed and no other is made.
    """
    with App() as app:
        submit_options = SubmitOptions(sampling=parse_sampling(sampling), **given)
        opened = open_job(app, request_of(submit_options, app.settings.openai_base_url))
    if as_json:
        click.echo(json_line(opened._asdict()))
    else:
        before = "" if opened.new else ", opened before"
        click.echo(f"job {opened.job}: open{before}; `rrmq submit FILE --into {opened.job}`")
