"""`rrmq close`: an open job takes no more answers, and ends."""

import click

from rrm_queue.actions.app import App
from rrm_queue.actions.open_jobs import close_job
from rrm_queue.cli.options.arguments import job_argument
from rrm_queue.cli.render.changed import print_changed


@click.command("close")
@job_argument
@click.option("--json", "as_json", is_flag=True, help="Print the job's status as JSON.")
def command(job: str, as_json: bool) -> None:
    """Let JOB end: it takes no more answers, and ends when the last of them is judged."""
    with App() as app:
        changed = close_job(app, job)
    was = "closed" if changed.done else "not open"
    print_changed(changed, f"job {changed.view.id} is {was}: {changed.view.state}", as_json=as_json)
