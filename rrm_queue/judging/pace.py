"""The pace of one endpoint: when the next request may leave. It decides; it does not wait.

An endpoint that limits its callers refuses requests: 429, 503, overloaded. It rarely states its
limit, so the pace is searched for. After a refusal it doubles with every answer until the
next refusal. Then it stays between the fastest pace that was answered and the slowest that was
refused. Requests that left before a refusal was known slow the pace only once. At a slower pace
fewer requests are in flight, so the pace also narrows the endpoint's concurrency.
"""

from dataclasses import dataclass
from math import inf

FIRST_SPACING = 0.0025
"""Seconds between the first requests, so that a first refusal comes before most have left."""

UNLIMITED = 1 / FIRST_SPACING
"""Requests a second. A pace that reaches this is no limit any more."""

FIRST_WAIT = 0.1
LONGEST_WAIT = 30.0
"""Seconds to wait after a refusal that states no time. The wait doubles with each refusal."""

JITTER = 0.1
"""The most that is added to a wait, as a share of it. So workers do not return all at once."""

SLOWER = 0.93
"""The factor for a pace that was answered before and is now refused."""

FASTER = 1.4
"""The largest factor of one step between the answered and the refused pace."""

CLOSE = 1.05
"""The search ends when the refused pace is at most this many times the answered one."""

STEP_ANSWERS = 8
"""Answers at one pace before a faster one is tried."""

PROBE_ANSWERS = 60
"""Answers after the search before a faster pace is tried again: limits change."""

PROBE_WAITS = 20
"""The shortest time before that try, in waits: the try may cost one wait."""


@dataclass(slots=True)
class Pace:
    """One endpoint's pace. Moments and waits are seconds of one clock, rates requests a second.

    `rate` is None where there is no limit. No request leaves before `opens`. `good` is the fastest
    rate that was answered, `bad` the slowest that was refused.
    """

    rate: float | None = None
    opens: float = 0.0
    good: float = 0.0
    bad: float = inf
    known: bool = False
    """Whether any request was answered or refused. Before that, requests leave a little apart."""
    refusals: int = 0
    """Refusals since the last answer. Refusals at one pace count once."""
    _searching: bool = True
    _next: float = 0.0
    _changed: float = -inf
    _answers: int = 0
    _refused_since: float = 0.0
    _wait: float = 0.0

    def due(self, now: float) -> float:
        """The moment at which the next request may leave."""
        return max(now, self.opens, self._next)

    def left(self, now: float, spacing: float = 0.0) -> None:
        """A request leaves now; the next leaves `spacing` seconds later, or later at this pace."""
        if self.rate is not None:
            spacing = max(spacing, 1 / self.rate)
        elif not self.known:
            spacing = max(spacing, FIRST_SPACING)
        self._next = now + spacing

    def answered(self, sent: float, now: float) -> None:
        """A request that left at `sent` was answered."""
        self.known = True
        if self.rate is None or sent < self._changed:
            return
        if (
            self.refusals and not self.good
        ):  # the refusals lasted as long as one spacing of the limit
            self.rate = min(self.rate, 1 / max(sent - self._refused_since, FIRST_SPACING))
        self.refusals = 0
        self._answers += 1
        if self._searching:
            self._speed_up(self.rate * 2, now)
        elif self._answers >= STEP_ANSWERS and self.bad > self.rate * CLOSE:
            self._speed_up(min((self.rate * self.bad) ** 0.5, self.rate * FASTER), now)
        elif self._answers >= PROBE_ANSWERS and now - self._changed >= PROBE_WAITS * self._wait:
            self.bad = inf
            self._speed_up(self.rate * CLOSE, now)

    def refused(self, sent: float, now: float, retry_after: float, jitter: float) -> None:
        """A request that left at `sent` was refused.

        `retry_after` is how long the endpoint asks to wait, 0 if it does not say. `jitter` is a
        random number from 0 to 1.
        """
        self.known = True
        longer = 1 + JITTER * jitter
        if sent < self._changed:
            self.opens = max(self.opens, now + retry_after * longer)
            return
        back_off = min(FIRST_WAIT * 2.0 ** min(self.refusals, 20), LONGEST_WAIT)
        self._wait = (retry_after or back_off) * longer
        self.opens = max(self.opens, now + self._wait)
        if not self.refusals:
            self._refused_since = sent
        self.refusals += 1
        self._slow_down(now)

    def _slow_down(self, now: float) -> None:
        if self.rate is None or not self.good:
            self.good, self.bad, self._searching = 0.0, inf, True
            self._set(1 / self._wait, now)
            return
        self._searching = False
        self.bad = self.rate
        if self.rate <= self.good:
            self.good = self.rate * SLOWER
        self._set(self.good, now)

    def _speed_up(self, rate: float, now: float) -> None:
        """Notes that the present rate was answered, and tries `rate` next."""
        self.good = self.rate or 0.0
        self._set(rate if rate < UNLIMITED else None, now)

    def _set(self, rate: float | None, now: float) -> None:
        self.rate = rate
        self._changed = now
        self._answers = 0
