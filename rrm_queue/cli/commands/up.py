"""`rrmq up`: starts the local stack."""

import click
from msgspec import structs

from rrm_queue.actions import local_stack
from rrm_queue.actions.app import App
from rrm_queue.actions.schemas import json_line
from rrm_queue.cli import exit_codes
from rrm_queue.cli.render.tables import checks_table
from rrm_queue.cli.render.terminal import screen


@click.command("up")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> int:
    """Start the parts of the local stack that do not run; other commands start them as well."""
    with App() as app:
        parts = local_stack.start(app)
    if as_json:
        click.echo(json_line({"parts": [structs.asdict(part) for part in parts]}))
    else:
        screen().print(checks_table((p.name, p.running, p.detail, p.remedy) for p in parts))
    return exit_codes.OK if all(part.running for part in parts) else exit_codes.ERROR
