"""Short turns of the interpreter, for a thread that often needs it for a moment."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

TURN = 0.0005
"""Seconds that one thread has the interpreter while another asks for it."""


class _Turns:
    """How many blocks ask for short turns in this process, and how long turns were before."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._blocks = 0
        self._usual = 0.0

    def shorten(self) -> None:
        with self._lock:
            if not self._blocks:
                self._usual = sys.getswitchinterval()
                sys.setswitchinterval(TURN)
            self._blocks += 1

    def restore(self) -> None:
        with self._lock:
            self._blocks -= 1
            if not self._blocks:
                sys.setswitchinterval(self._usual)


_turns = _Turns()


@contextmanager
def short_turns() -> Iterator[None]:
    """While the block runs, a thread that sends waits less for one that computes.

    It needs the interpreter for each buffer of a connection, whose server waits meanwhile: ten
    times five milliseconds for a slice of a submission.
    """
    _turns.shorten()
    try:
        yield
    finally:
        _turns.restore()
