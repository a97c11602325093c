"""`rrmq delete`: removes a job that has ended from the store."""

import sys

import click

from rrm_queue.actions.app import connect, open_store, read_settings
from rrm_queue.actions.schemas import json_line, status_shape
from rrm_queue.cli.options.arguments import job_argument
from rrm_queue.errors import UsageFault
from rrm_queue.store.queue.control import delete_job
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.text import count
from rrm_queue.views import JobView


@click.command("delete")
@job_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the job's last status as JSON.")
def command(job: str, yes: bool, as_json: bool) -> None:
    """Remove JOB, which has ended, with its answers, votes and standings: nobody gets them back.

    Later jobs cannot take its votes any more. Asks first, and without a terminal wants --yes.
    """
    addresses = connect(read_settings(), processes=False)
    with open_store(addresses) as database:
        with database.begin() as tx:
            view = view_job(tx, find_job(tx, job))
        _confirm(view, yes=yes)
        with database.begin() as tx:
            done = delete_job(tx, view.id)
    if not done:
        raise UsageFault(f"job {view.id} is {view.state}: cancel it first")
    click.echo(json_line(status_shape(view)) if as_json else f"job {view.id} is deleted")


def _confirm(view: JobView, *, yes: bool) -> None:
    """Raises click.Abort when it is not wanted, UsageFault when nobody is there to be asked."""
    if yes or not view.state.ended:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageFault("nobody is there to be asked: say --yes")
    what = f"{count(view.tournaments, 'tournament')} and {count(view.votes, 'vote')}"
    click.confirm(f"job {view.id} of {view.source}, {what}: delete?", abort=True, err=True)
