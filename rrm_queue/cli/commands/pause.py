"""`rrmq pause`: holds a job, so that the workers serve other jobs."""

import click

from rrm_queue.actions import control
from rrm_queue.actions.app import App
from rrm_queue.cli.options.arguments import job_argument
from rrm_queue.cli.render.changed import print_changed
from rrm_queue.domain import JobState


@click.command("pause")
@job_argument
@click.option("--json", "as_json", is_flag=True, help="Print the job's status as JSON.")
def command(job: str, as_json: bool) -> None:
    """Hold JOB until `rrmq resume`. Workers release its matches; votes cast so far are kept."""
    with App() as app:
        changed = control.pause(app, job)
    view = changed.view
    if view.state is JobState.PAUSED:
        sentence = f"job {view.id} is paused; `rrmq resume {view.id}` lets it go on"
    else:
        sentence = f"job {view.id} has ended: {view.state}"
    print_changed(changed, sentence, as_json=as_json)
