"""A real terminal for tests: a command runs in it, keys are pressed, and what is shown is read."""

import fcntl
import os
import pty
import re
import select
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from kit.waiting import PATIENCE

ESCAPES = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")


@dataclass
class Terminal:
    """A terminal in which a command runs; `shown` is all that stood there."""

    process: subprocess.Popen[bytes]
    descriptor: int
    shown: str = field(default="")

    def until(self, words: str, after: int = 0) -> int:
        """Waits until these words stand after a place of what was shown; the place behind them."""
        until = time.monotonic() + PATIENCE
        while (found := self.shown.find(words, after)) < 0:
            assert time.monotonic() < until, self.shown
            if not self.wait(0.1):
                break
        assert found >= 0, self.shown
        return found + len(words)

    def wait(self, seconds: float) -> bool:
        """Reads what comes within so many seconds; False at the end."""
        return not select.select([self.descriptor], [], [], seconds)[0] or self.read()

    def read(self) -> bool:
        """Reads what is there; False at the end."""
        try:
            part = os.read(self.descriptor, 65536)
        except OSError:  # Linux says so when the last process has closed the terminal
            return False
        self.shown += ESCAPES.sub("", part.decode(errors="replace")).replace("\r\n", "\n")
        return bool(part)

    def press(self, key: str) -> None:
        os.write(self.descriptor, key.encode())

    def ended(self) -> int:
        """The exit code, once it has shown all."""
        while self.read():
            pass
        return self.process.wait(PATIENCE)


@contextmanager
def terminal(argv: Sequence[str], environment: Mapping[str, str]) -> Iterator[Terminal]:
    """The command in a terminal of 100 columns of its own; it is killed at the end."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        argv,
        env={**environment, "TERM": "xterm", "COLUMNS": "100"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that Ctrl-C is a signal
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)
