"""`rrmq retry`: tries again what failed in a job."""

import click

from rrm_queue.actions import control
from rrm_queue.actions.app import App
from rrm_queue.cli.options.arguments import job_argument
from rrm_queue.cli.render.changed import print_changed
from rrm_queue.text import count


@click.command("retry")
@job_argument
@click.option("--json", "as_json", is_flag=True, help="Print the job's status as JSON.")
def command(job: str, as_json: bool) -> None:
    """Retry what failed in JOB, with the votes that it has. Nothing else is judged again."""
    with App() as app:
        changed = control.retry_failed(app, job)
    view, retried = changed.view, changed.done
    if retried.tournaments:
        what = f"{count(retried.tournaments, 'tournament')}, {count(retried.matches, 'match')}"
        sentence = f"job {view.id} tries again: {what}"
    else:
        sentence = f"job {view.id} has nothing that failed: {view.state}"
    print_changed(changed, sentence, as_json=as_json)
