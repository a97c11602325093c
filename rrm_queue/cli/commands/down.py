"""`rrmq down`: stops the local stack."""

import click

from rrm_queue.actions.app import local_stack, read_settings
from rrm_queue.actions.schemas import json_line
from rrm_queue.errors import UsageFault


@click.command("down")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """Stop the local stack; its data stays, and unfinished jobs go on when it is up again."""
    stack = local_stack(read_settings())
    if stack is None:
        raise UsageFault(
            "RRMQ_DATABASE_URL and RRMQ_BROKER_URL name real servers: nothing local to stop"
        )
    ended = stack.down()
    if as_json:
        click.echo(json_line({"ended": ended}))
    else:
        click.echo(f"stopped {', '.join(ended)}" if ended else "nothing was running")
