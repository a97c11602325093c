"""`rrmq resume`: lets a paused job go on."""

import click

from rrm_queue.actions import control
from rrm_queue.actions.app import App
from rrm_queue.cli.options.arguments import job_argument
from rrm_queue.cli.render.changed import print_changed


@click.command("resume")
@job_argument
@click.option("--max-cost", type=float, help="The most that the job may cost from now on.")
@click.option("--json", "as_json", is_flag=True, help="Print the job's status as JSON.")
def command(job: str, max_cost: float | None, as_json: bool) -> None:
    """Resume JOB where it was paused. A job that was not paused is left as it is."""
    with App() as app:
        changed = control.resume(app, job, max_cost)
    view = changed.view
    goes_on = f"job {view.id} goes on" if changed.done else f"job {view.id} was not paused"
    print_changed(changed, f"{goes_on}: {view.state}", as_json=as_json)
