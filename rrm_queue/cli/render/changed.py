"""What is printed after a job was changed."""

from typing import Any

import click

from rrm_queue.actions.control import Changed
from rrm_queue.actions.schemas import json_line, status_shape
from rrm_queue.cli.render.terminal import warn


def print_changed(changed: Changed[Any], sentence: str, *, as_json: bool) -> None:
    """Prints the warning on stderr, and the job's status as JSON or a sentence."""
    warn(changed.warning)
    click.echo(json_line(status_shape(changed.view)) if as_json else sentence)
