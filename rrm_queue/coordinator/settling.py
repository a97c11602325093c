"""Whether a missing lease proves anything: not for a while after a common outage."""

import time
from collections.abc import Callable
from threading import Lock

SETTLE = 20.0
"""Seconds after an outage in which a missing lease proves nothing: workers renew theirs first."""

LONGEST_TURN = 10.0
"""The most seconds between two turns of the loop. After more, this process was suspended."""


class Settling:
    """Knows when the store, the broker or this process was last unavailable. It is thread-safe.

    `clocks` are read together: one stops while the machine sleeps, the other does not.
    """

    def __init__(
        self, clocks: tuple[Callable[[], float], ...] = (time.monotonic, time.time)
    ) -> None:
        self._clocks = clocks
        self._lock = Lock()
        self._turned = self._now()
        self._settled_at = self._turned[0] + SETTLE

    def unsettle(self) -> None:
        """Notes that the store or the broker is unavailable now."""
        with self._lock:
            self._settled_at = self._clocks[0]() + SETTLE

    def turn(self) -> None:
        """Notes a turn of the loop. A long gap since the last one counts as an outage."""
        now = self._now()
        with self._lock:
            before, self._turned = self._turned, now
        if any(abs(new - old) > LONGEST_TURN for new, old in zip(now, before, strict=True)):
            self.unsettle()

    @property
    def settled(self) -> bool:
        """Whether the last outage is long enough ago that a missing lease has lapsed."""
        with self._lock:
            return self._clocks[0]() >= self._settled_at

    def _now(self) -> tuple[float, ...]:
        return tuple(clock() for clock in self._clocks)
