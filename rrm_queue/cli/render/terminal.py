"""Consoles that print text as it is."""

import io
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console


def lenient(stream: TextIO) -> TextIO:
    """`stream`, which writes out a character that its encoding lacks instead of raising."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def screen(*, stderr: bool = False) -> "Console":
    """A console on stdout or stderr that prints `[bold]` as `[bold]`."""
    from rich.console import Console

    lenient(sys.stderr if stderr else sys.stdout)
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)
