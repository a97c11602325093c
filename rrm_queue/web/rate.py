"""The rate of requests of one caller, as a token bucket that holds one second's requests."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Rate:
    """At most `limit` requests a second of each caller; 0 for no limit."""

    limit: int
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def wait(self, caller: str, now: float) -> float:
        """Seconds until the caller may call, 0 when this call may pass.

        There are as many callers as tokens, so what is kept of them stays small.
        """
        if not self.limit:
            return 0.0
        left, at = self._left.get(caller, (float(self.limit), now))
        left = min(float(self.limit), left + (now - at) * self.limit)
        if left < 1:
            self._left[caller] = (left, now)
            return (1 - left) / self.limit
        self._left[caller] = (left - 1, now)
        return 0.0
