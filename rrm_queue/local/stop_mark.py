"""A mark that the stack was stopped on purpose. Commands in progress then do not start it again."""

import os
import time
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from rrm_queue.errors import StackStopped


class StopMark(Struct, frozen=True):
    """An empty file with the time of the last `rrmq down`. Starting the stack removes it."""

    path: Path

    @property
    def time(self) -> float | None:
        """When the stack was stopped; None when it was started since."""
        try:
            return self.path.stat().st_mtime
        except FileNotFoundError:
            return None

    def put(self) -> None:
        """Mark the stack as stopped now."""
        self.path.touch(mode=0o600)
        now = time.time()  # the clock of file systems is some milliseconds behind
        os.utime(self.path, (now, now))

    def remove(self) -> None:
        """Forget that the stack was stopped."""
        self.path.unlink(missing_ok=True)

    def refuse(self, since: float) -> None:
        """Raises StackStopped when the stack was stopped after `since`, and is not started yet."""
        stopped = self.time
        if stopped is not None and stopped > since:
            at = datetime.fromtimestamp(stopped).astimezone()
            raise StackStopped(f"by `rrmq down` at {at:%H:%M:%S}; `rrmq up` starts it again")
