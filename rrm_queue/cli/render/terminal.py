"""Consoles that print text as it is, and warnings."""

import io
import sys
from typing import TYPE_CHECKING, TextIO

import click

from rrm_queue.text import printable

if TYPE_CHECKING:
    from rich.console import Console


def lenient(stream: TextIO) -> TextIO:
    """`stream`, which writes out a character that its encoding lacks instead of raising."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def warn(warning: str | None) -> None:
    """Prints a warning on stderr, if there is one."""
    if warning is not None:
        click.echo(f"rrmq: {printable(warning)}", err=True)


def screen(*, stderr: bool = False) -> "Console":
    """A console on stdout or stderr that prints `[bold]` as `[bold]`."""
    from rich.console import Console

    lenient(sys.stderr if stderr else sys.stdout)
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)
