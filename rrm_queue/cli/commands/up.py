"""`rrmq up`: starts the local stack."""

from dataclasses import asdict

import click

from rrm_queue.actions.app import connect, local_stack, read_settings
from rrm_queue.actions.schemas import json_line
from rrm_queue.cli.render.tables import checks_table
from rrm_queue.cli.render.terminal import screen
from rrm_queue.errors import UsageFault


@click.command("up")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> int:
    """Start what of the local stack does not run; other commands do it by themselves."""
    settings = read_settings()
    stack = local_stack(settings)
    if stack is None:
        raise UsageFault(
            "RRMQ_DATABASE_URL and RRMQ_BROKER_URL name real servers: nothing local to start"
        )
    connect(settings)
    parts = stack.inspect()
    if as_json:
        click.echo(json_line({"parts": [asdict(part) for part in parts]}))
    else:
        screen().print(checks_table((p.name, p.running, p.detail, p.remedy) for p in parts))
    return 0 if all(part.running for part in parts) else 1
