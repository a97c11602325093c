"""`rrmq prune`: removes jobs that are left over."""

import sys
from collections.abc import Sequence

import click

from rrm_queue.actions import prune
from rrm_queue.actions.app import App
from rrm_queue.actions.schemas import json_line
from rrm_queue.cli.options.ranges import Numbers
from rrm_queue.cli.render.removing import left_over_table, removal_bar, summed
from rrm_queue.cli.render.terminal import screen
from rrm_queue.errors import UsageFault
from rrm_queue.views.jobs import LeftOver


@click.command("prune")
@click.option(
    "--older-than",
    "days",
    type=Numbers(min=0),
    default=1.0,
    show_default=True,
    help="Days without work after which a job is left over.",
)
@click.option("--ended", is_flag=True, help="Also remove all other jobs that have ended.")
@click.option("--dry-run", is_flag=True, help="Only print what would be removed.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each job.")
def command(days: float, ended: bool, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Remove the jobs that requests for rewards made, once they are left over.

    Their votes are removed too, so later requests cannot reuse them. With --ended other jobs that
    have ended are removed as well; that asks first, and without a terminal it needs --yes.
    PostgreSQL uses the room again for other jobs; its files do not become smaller. A removal that
    is interrupted is finished by a coordinator.
    """
    with App() as app:
        jobs = prune.prunable(app, days, ended=ended)
        if not dry_run:
            if ended:
                _confirm(jobs, yes=yes)
            with removal_bar(sum(job.tournaments for job in jobs)) as tell:
                jobs = list(prune.prune(app, jobs, tell))
    if as_json:
        for job in jobs:
            click.echo(json_line(job._asdict()))
        return
    if dry_run and jobs:
        screen().print(left_over_table(jobs))
    click.echo(f"{summed(jobs)} {'would be removed' if dry_run else 'removed'}")


def _confirm(jobs: Sequence[LeftOver], *, yes: bool) -> None:
    """Raises click.Abort when the user says no, UsageFault without a terminal to ask on."""
    if yes or not jobs:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageFault("no terminal to confirm on: pass --yes")
    click.confirm(f"remove {summed(jobs)}?", abort=True, err=True)
