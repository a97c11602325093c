"""How many requests a second an endpoint grants, measured from one refusal to the next.

At a refusal the endpoint has nothing left to grant. So what it granted between two refusals is
what its limit allowed, whatever the kind of limit.
"""

from dataclasses import dataclass
from math import inf

REMEMBERED = 50
REMEMBERED_SECONDS = 15.0
"""The measure rests on the last so many grants, or on those of so many seconds if they are more:
limits change. Limits that count by the minute repeat their rhythm, which a short measure follows.
"""


@dataclass(slots=True)
class GrantedRate:
    """The measure. A request counts as granted when it leaves, until it is refused."""

    _count: float = 0.0
    _seconds: float = 0.0
    _open: int = 0
    _marked: float = 0.0
    _started: float = inf

    @property
    def count(self) -> float:
        """How many grants the measure rests on."""
        return self._count

    @property
    def since(self) -> int:
        """Grants since the last mark."""
        return self._open

    @property
    def rate(self) -> float | None:
        """Requests a second up to the last mark; None before a request was granted."""
        return self._count / self._seconds if self._count >= 1 and self._seconds > 0 else None

    def start(self, now: float) -> None:
        """Forgets everything; the endpoint has nothing left to grant now."""
        self._count, self._seconds, self._open = 0.0, 0.0, 0
        self._marked = self._started = now

    def left(self, *, idle: float = 0.0) -> None:
        """A request leaves. Before it there were `idle` seconds without a request to send."""
        self._open += 1
        self._marked += idle

    def refused(self, sent: float) -> None:
        """The request that left at `sent` was not granted."""
        if sent >= self._started:
            self._open -= 1

    def mark(self, now: float) -> None:
        """Adds what was granted since the last mark."""
        by_count = REMEMBERED / max(self._count, 1.0)
        keep = min(1.0, max(by_count, REMEMBERED_SECONDS / max(self._seconds, 1e-9)))
        self._count = max(self._count * keep + self._open, 0.0)
        self._seconds = self._seconds * keep + now - self._marked
        self._open, self._marked = 0, now
