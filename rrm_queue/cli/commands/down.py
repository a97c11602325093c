"""`rrmq down`: stops the local stack."""

from functools import partial

import click

from rrm_queue.actions import local_stack
from rrm_queue.actions.app import App
from rrm_queue.actions.schemas import json_line
from rrm_queue.cli import exit_codes


@click.command("down")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> int:
    """Stop the local stack; its data stays, and unfinished jobs go on when it is up again."""
    with App() as app:
        try:
            ended = local_stack.stop(app, partial(click.echo, err=True))
        except KeyboardInterrupt:
            click.echo("not all is stopped yet: `rrmq down` stops the rest", err=True)
            return exit_codes.INTERRUPTED
    if as_json:
        click.echo(json_line({"ended": ended}))
    else:
        click.echo(f"stopped {', '.join(ended)}" if ended else "nothing was running")
    return exit_codes.OK
