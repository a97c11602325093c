"""Single keys from a terminal, without Enter and without being shown."""

import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

END = "\x04"
"""What Ctrl-D gives."""


@contextmanager
def key_reader() -> Iterator[Callable[[], str]]:
    """A function that waits for the next key, in lower case; Ctrl-C interrupts it as always.

    The terminal stays in this mode while the context is open: a key that is pressed while
    something is still being shown is not lost. Raises EOFError for Ctrl-D and where the terminal
    is gone.
    """
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor, termios.TCSANOW)
    try:
        yield lambda: _key(descriptor)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _key(descriptor: int) -> str:
    read = os.read(descriptor, 1)
    if not read or read == END.encode():
        raise EOFError
    return read.decode(errors="replace").lower()
