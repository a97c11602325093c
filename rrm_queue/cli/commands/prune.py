"""`rrmq prune`: removes jobs that are left over."""

import sys

import click

from rrm_queue.actions import prune
from rrm_queue.actions.app import App
from rrm_queue.actions.schemas import json_line
from rrm_queue.cli.options.ranges import Numbers
from rrm_queue.errors import UsageFault
from rrm_queue.text import count


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
    """
    with App() as app:
        if dry_run:
            jobs = prune.prunable(app, days, ended=ended)
        else:
            if ended:
                _confirm(len(prune.prunable(app, days, ended=True)), yes=yes)
            jobs = list(prune.prune(app, days, ended=ended))
    if as_json:
        for job in jobs:
            click.echo(json_line(job._asdict()))
        return
    votes = sum(job.votes for job in jobs)
    done = "would be removed" if dry_run else "removed"
    click.echo(f"{count(len(jobs), 'job')} with {count(votes, 'vote')} {done}")


def _confirm(jobs: int, *, yes: bool) -> None:
    """Raises click.Abort when the user says no, UsageFault without a terminal to ask on."""
    if yes or not jobs:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageFault("no terminal to confirm on: pass --yes")
    click.confirm(f"remove {count(jobs, 'job')} with all votes?", abort=True, err=True)
