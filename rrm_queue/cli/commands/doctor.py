"""`rrmq doctor`: what runs, where, which versions, what is wrong and how to fix it."""

import click

from rrm_queue.actions.app import App
from rrm_queue.actions.doctor import examine, present
from rrm_queue.actions.schemas import json_line
from rrm_queue.actions.settings import read_settings
from rrm_queue.cli import exit_codes
from rrm_queue.cli.render.tables import checks_table
from rrm_queue.cli.render.terminal import screen


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--here",
    metavar="NAME",
    help="Show only whether a process of this machine is at work: `coordinator`, the worker of a"
    " judge, or `any`. A health check for containers; it asks only the broker.",
)
def command(as_json: bool, here: str | None) -> int:
    """Show what runs, where, in which versions, what is wrong and how to fix it.

    Starts nothing. The exit code is 0 when all is well, else 1.
    """
    if here is not None:
        well = present(read_settings(), here)
        click.echo(f"{here}: {'at work' if well else 'not at work'} on this machine")
        return exit_codes.OK if well else exit_codes.ERROR
    with App(start=False) as app:
        checks = list(examine(app))
    well = all(check.well for check in checks)
    if as_json:
        click.echo(json_line({"well": well, "checks": [check._asdict() for check in checks]}))
    else:
        screen().print(checks_table(checks))
    return exit_codes.OK if well else exit_codes.ERROR
