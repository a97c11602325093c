"""What all views share: consoles that take text as it is, and text made fit to be shown."""

import io
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console


def printable(text: str) -> str:
    r"""`text` with all that a terminal would obey or hide written out, such as `\x1b`.

    Ids, names and errors come from other people's files and servers.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


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
