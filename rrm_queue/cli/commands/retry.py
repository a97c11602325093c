"""`rrmq retry`: tries again what failed in a job."""

import click

from rrm_queue.actions import control
from rrm_queue.actions.app import App
from rrm_queue.cli.options.arguments import job_argument
from rrm_queue.cli.render.changed import print_changed
from rrm_queue.cli.render.terminal import warn
from rrm_queue.text import count


@click.command("retry")
@job_argument
@click.option("--json", "as_json", is_flag=True, help="Print the job's status as JSON.")
def command(job: str, as_json: bool) -> None:
    """Retry what failed in JOB, and ask again for votes without a verdict. All else is kept."""
    with App() as app:
        changed = control.retry_failed(app, job)
    view, retried = changed.view, changed.done
    failed = f"{count(retried.tournaments, 'tournament')}, {count(retried.matches, 'match')}"
    silent = f"{count(retried.silent_votes, 'vote')} without a verdict"
    again = [failed] * bool(retried.tournaments) + [silent] * bool(retried.silent_votes)
    if again:
        sentence = f"job {view.id} tries again: {', and '.join(again)}"
    else:
        sentence = f"job {view.id} has nothing that failed: {view.state}"
    if retried.kept:
        warn(
            f"{count(retried.kept, 'tournament')} with votes without a verdict: later matches rest "
            "on them, so they stay; submit the file again with --new to have them asked again"
        )
    print_changed(changed, sentence, as_json=as_json)
