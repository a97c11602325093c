"""Waiting for what must come about, with patience that only a defect exhausts."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

PATIENCE = 180.0
"""Seconds; far more than anything takes, even on a machine that is throttled for a while."""

Seen = TypeVar("Seen")

_TICK = 0.05


def eventually(condition: Callable[[], Seen | None], what: str, seconds: float = PATIENCE) -> Seen:
    """What the condition returns once that is true.

    Raises TimeoutError, which says what did not come about.
    """
    deadline = time.monotonic() + seconds
    while not (seen := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(_TICK)
    return seen


def eventually_by(
    process: subprocess.Popen[bytes],
    log: Path,
    condition: Callable[[], Seen | None],
    what: str,
    seconds: float = PATIENCE,
) -> Seen:
    """The same for what a process brings about; a failure shows the end of the process's log.

    Raises RuntimeError as soon as the process has ended.
    """

    def seen() -> Seen | None:
        if process.poll() is not None:
            raise RuntimeError(f"the process has ended before this: {what}")
        return condition()

    try:
        return eventually(seen, what, seconds)
    except (RuntimeError, TimeoutError) as fault:
        fault.add_note(log.read_text()[-4000:])
        raise
