"""Consoles that print text as it is, and warnings."""

import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

import click

from rrm_queue.text import printable

if TYPE_CHECKING:
    from rich.console import Console


UNBOUNDED = 10_000
"""The width of what is not a terminal, such as a pipe or a file: nothing is wrapped."""


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
    """A console on stdout or stderr that prints `[bold]` as `[bold]`.

    Into a pipe or a file it wraps nothing, unless COLUMNS says how wide a line may be.
    """
    from rich.console import Console

    lenient(sys.stderr if stderr else sys.stdout)
    console = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not (console.is_terminal or "COLUMNS" in os.environ):
        console.width = UNBOUNDED
    return console
