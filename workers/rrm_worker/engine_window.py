"""How many matches a worker holds for its engine, by what the engine says of its load."""

from collections import deque
from collections.abc import Sequence
from math import ceil

from rrm_queue.judging.engines.sglang.wire import AHEAD, Loads

LOOKS = 3
"""So many loads in a row, a few seconds, must say the same before the window changes."""

GROWTH = 1.5

_HARDLY_ANY = 16
"""One waiting request for so many that are computed is one that has just arrived."""


class EngineWindow:
    """The window of one engine: `size` matches, the first size until the engine has told more."""

    def __init__(self, first: int) -> None:
        self.size = first
        self._seen: deque[Loads] = deque(maxlen=LOOKS)

    def look(self, loads: Loads) -> bool:
        """Takes note of the engine's load; whether `size` has changed.

        A change has its effect before the next one.
        """
        self._seen.append(loads)
        before, self.size = self.size, resized(self.size, self._seen)
        if self.size != before:
            self._seen.clear()
        return self.size != before


def resized(size: int, seen: Sequence[Loads]) -> int:
    """The next size of the window after these loads, the newest last.

    Never more than the engine has use for, by its own limit of running requests. Its cache may
    hold fewer: when more than a quarter as many wait as are computed, the window shrinks until a
    quarter does. While hardly any waits and most of the window is computed, it grows by half. An
    engine that does not say its limit changes nothing.
    """
    most = seen[-1].useful
    if not most:
        return size
    size = min(size, most)
    running = max(loads.running for loads in seen)
    if len(seen) < LOOKS or not running:
        return size
    always_waiting = min(loads.waiting for loads in seen)
    if running + always_waiting > AHEAD * running:
        return min(size, ceil(size * AHEAD * running / (running + always_waiting)))
    if max(loads.waiting for loads in seen) * _HARDLY_ANY <= running and running * AHEAD >= size:
        return min(most, ceil(size * GROWTH))
    return size
