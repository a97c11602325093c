"""`rrmq list`: the jobs, the newest first."""

import click

from rrm_queue.actions import jobs
from rrm_queue.actions.app import App
from rrm_queue.actions.schemas import json_line, status_shape
from rrm_queue.cli.options.ranges import WholeNumbers
from rrm_queue.cli.render.tables import jobs_table
from rrm_queue.cli.render.terminal import screen
from rrm_queue.domain import JobState


@click.command("list")
@click.option(
    "--limit", type=WholeNumbers(1, 100_000), default=20, show_default=True, help="How many."
)
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object a line, as `status` prints it."
)
@click.option(
    "--state",
    "states",
    type=click.Choice([state.value for state in JobState]),
    multiple=True,
    help="Only jobs in this state; may be given several times.",
)
@click.option(
    "--all", "ephemeral", is_flag=True, help="Also the jobs that requests for rewards made."
)
@click.option("--search", help="Only jobs with this text in id, name, file, strategy or judge.")
def command(
    limit: int,
    as_json: bool,
    states: tuple[JobState, ...],
    ephemeral: bool,
    search: str | None,
) -> None:
    """List the jobs, the newest first."""
    with App() as app:
        views = jobs.list_jobs(app, limit, states, ephemeral=ephemeral, search=search)
    if as_json:
        for view in views:
            click.echo(json_line(status_shape(view)))
    elif views:
        console = screen()
        console.print(jobs_table(views, console.width))
    elif search or states:
        click.echo("no such job", err=True)
    else:
        click.echo("no jobs yet; `rrmq submit FILE` makes one", err=True)
