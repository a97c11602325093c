"""`rrmq audit`: people judge a sample of what a judge has decided."""

import click

from rrm_queue.actions import options
from rrm_queue.actions.app import App
from rrm_queue.actions.audit import SHARE, audit
from rrm_queue.actions.people_schemas import audit_shape
from rrm_queue.actions.schemas import json_line
from rrm_queue.cli.options.arguments import job_argument
from rrm_queue.cli.options.checked import number_option
from rrm_queue.cli.render.terminal import warn
from rrm_queue.text import count


@click.command("audit")
@job_argument
@click.option("--share", default=SHARE, help="The share of the decided matches: 5% or 0.05.")
@number_option(options.VOTES)
@number_option(options.SEED)
@click.option("--name", help="The name of the new job.")
@click.option("--new", is_flag=True, help="Make a job even if the same audit made one before.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    job: str, share: str, votes: int, seed: int, name: str | None, new: bool, as_json: bool
) -> None:
    """Make a job for people of a sample of the matches that JOB's judge has decided.

    People see the answers blind, on a page of `rrmq serve` or by `rrmq vote`. Afterwards
    `rrmq compare` says how far the judge and the people agree. The seed decides which matches are
    drawn. With several votes a match, as many people judge each match, and `rrmq diagnose` says how
    far they agree.
    """
    with App() as app:
        made = audit(app, job, share, votes=votes, seed=seed, name=name, new=new)
    warn(made.warning)
    if as_json:
        click.echo(json_line(audit_shape(made)))
        return
    again = "" if made.submitted.new else ", made before"
    of = f"{made.matches:,} of {count(made.decided, 'match')} of job {made.of}"
    click.echo(f"job {made.submitted.job}{again}: {of}")
    click.echo(f"people judge at {made.page} of the server that `rrmq serve` starts", err=True)
