"""`rrmq delete`: removes a job that has ended from the store."""

import sys

import click

from rrm_queue.actions import control, jobs
from rrm_queue.actions.app import App
from rrm_queue.actions.schemas import json_line, status_shape
from rrm_queue.cli.options.arguments import job_argument
from rrm_queue.cli.render.removing import removal_bar
from rrm_queue.errors import UsageFault
from rrm_queue.text import count
from rrm_queue.views.jobs import JobView


@click.command("delete")
@job_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the job's last status as JSON.")
def command(job: str, yes: bool, as_json: bool) -> None:
    """Remove JOB, which must have ended, with its answers, votes and standings.

    This cannot be undone, and later jobs cannot reuse its votes. Asks first; without a terminal it
    needs --yes. A removal that is interrupted is finished by a coordinator.
    """
    with App() as app:
        view = jobs.view(app, job)
        _confirm(view, yes=yes)
        with removal_bar(view.tournaments) as tell:
            view = control.delete_ended(app, view.id, tell)
    click.echo(json_line(status_shape(view)) if as_json else f"job {view.id} is deleted")


def _confirm(view: JobView, *, yes: bool) -> None:
    """Raises click.Abort when the user says no, UsageFault without a terminal to ask on."""
    if yes or not view.state.ended:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageFault("no terminal to confirm on: pass --yes")
    what = f"{count(view.tournaments, 'tournament')} and {count(view.votes, 'vote')}"
    click.confirm(f"job {view.id} of {view.source}, {what}: delete?", abort=True, err=True)
