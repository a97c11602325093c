"""`rrmq down`: stops the local stack."""

import click

from rrm_queue.actions import local_stack
from rrm_queue.actions.app import App
from rrm_queue.actions.schemas import json_line


@click.command("down")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """Stop the local stack; its data stays, and unfinished jobs go on when it is up again."""
    with App() as app:
        ended = local_stack.stop(app)
    if as_json:
        click.echo(json_line({"ended": ended}))
    else:
        click.echo(f"stopped {', '.join(ended)}" if ended else "nothing was running")
