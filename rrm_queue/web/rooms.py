"""Bounds on what a server holds at once: requests, waits, streams and the bytes of bodies."""

from collections.abc import Iterator
from contextlib import contextmanager

from rrm_queue.errors import Overloaded

SOON = 1
"""Seconds after which a caller may try again when places are taken."""


class Room:
    """At most `most` places that are taken at the same time; `what` names what takes them."""

    def __init__(self, what: str, most: int, retry_after: int = SOON) -> None:
        self.taken = 0
        self._what = what
        self._most = most
        self._retry_after = retry_after

    @contextmanager
    def place(self, size: int = 1) -> Iterator[None]:
        """Takes places while the context is open. Raises Overloaded when too few are free."""
        self.take(size)
        try:
            yield
        finally:
            self.leave(size)

    def take(self, size: int = 1) -> None:
        """Takes places, which `leave` gives back. Raises Overloaded when too few are free."""
        self.check(size)
        self.taken += size

    def check(self, size: int = 1) -> None:
        """Raises Overloaded when too few places are free."""
        if self.taken + size > self._most:
            limit = f"the server takes at most {self._most:,} {self._what} at once"
            raise Overloaded(limit, retry_after=self._retry_after)

    def leave(self, size: int = 1) -> None:
        """Gives places back."""
        self.taken -= size
