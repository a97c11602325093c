"""`rrmq status`: how far a job is."""

from datetime import UTC, datetime

import click

from rrm_queue.actions import jobs
from rrm_queue.actions.app import App
from rrm_queue.actions.health import held_up, notes
from rrm_queue.actions.schemas import json_line, problem_shape
from rrm_queue.cli import exit_codes
from rrm_queue.cli.options.arguments import viewed_job, viewed_job_argument
from rrm_queue.cli.render.tables import card
from rrm_queue.cli.render.terminal import screen
from rrm_queue.text import printable


@click.command("status")
@viewed_job_argument
@click.option("--watch", "watching", is_flag=True, help="Stay until the job ends.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(job: str | None, watching: bool, as_json: bool) -> int:
    """Show how far JOB is, named by any unique prefix of its id; by default the newest job.

    With --watch the exit code is 0 when the job succeeded, 3 when it ended otherwise, 4 when
    `rrmq down` stopped the local stack.
    """
    with App() as app:
        view, error = jobs.status(app, viewed_job(app, job))
        if watching:
            from rrm_queue.cli.render.watching import show_until_end  # all that a display needs

            return show_until_end(app, view.id, as_json=as_json)
        if as_json:
            click.echo(json_line(problem_shape(view, error, held_up(app, view))))
            return exit_codes.OK
        found = notes(app, view)
    console = screen()
    ascii_only = console.options.ascii_only
    console.print(card(view, datetime.now(UTC), error, ascii_only=ascii_only))
    for note in found:
        console.print(printable(note), style="yellow", soft_wrap=True)
    return exit_codes.OK
