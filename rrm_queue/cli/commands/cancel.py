"""`rrmq cancel`: stops a job for good."""

import click

from rrm_queue.actions import control
from rrm_queue.actions.app import App
from rrm_queue.cli.options.arguments import job_argument
from rrm_queue.cli.render.changed import print_changed


@click.command("cancel")
@job_argument
@click.option("--json", "as_json", is_flag=True, help="Print the job's status as JSON.")
def command(job: str, as_json: bool) -> None:
    """Stop JOB for good; decided matches stay. A job that has ended is left as it is."""
    with App() as app:
        changed = control.cancel(app, job)
    view = changed.view
    if changed.done:
        sentence = f"job {view.id} is cancelled; {view.matches_done:,} matches were decided"
    else:
        sentence = f"job {view.id} had ended before: {view.state}"
    print_changed(changed, sentence, as_json=as_json)
