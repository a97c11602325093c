"""How many requests an endpoint holds at once, learned from its refusals. It decides only.

Some endpoints limit the requests in flight, not the requests in a time. Such an endpoint refuses
one request more than it holds, and grants the next as soon as one has ended: a wait only costs
time. A refusal does not say which kind of limit it met. So this limit is tried first: as many
requests are in flight as there were when one was refused. Then the number grows by steps, until it
is refused again. An endpoint that limits the rate soon refuses a request while fewer are in flight
than it held before. Then the pace takes over.

The steps around the limit are those of TCP Vegas (Brakmo and Peterson, 1995).
"""

from dataclasses import dataclass, field
from math import inf

FIRST_GAP = 0.01
LONGEST_GAP = 0.05
"""Seconds for which a place stays free once a request was refused below the limit, for an endpoint
may free its places a little late. They double with each such refusal, and then the limit falls."""

FALLEN = 0.75
"""The share of what the endpoint held at once; a limit below it is none."""

ROUNDS = 1
"""A limit that was met once grows after so many times its number of answers."""

HOLD_ANSWERS = 20
HOLD_WAITS = 20
"""A limit that was met again grows after so many answers at least, and so many times the wait that
the last step cost. Both double with each step that was refused, up to `LONGEST_HOLD` times."""

LONGEST_HOLD = 16

FIRST = 5
FIRST_TIMED = 10
"""Refusals before the limit is tried, for most endpoints limit the rate; more of those that say how
long to wait, as a limit of the rate can.
"""

APART = 60
"""The same after a trial that failed; doubled with each."""


@dataclass(slots=True)
class Concurrency:
    """The limit of one endpoint. Moments are seconds of one clock."""

    most: int | None = None
    """The requests that may be in flight; None where no limit is known."""
    _out: dict[float, int] = field(default_factory=dict)
    """When each request in flight left, and how many others were in flight then."""
    _freed: list[float] = field(default_factory=list)
    """When the last places became free, oldest first; at most `most` of them."""
    _met: int = 0
    """The limit before its last step."""
    _held: int = 0
    """The most others that were in flight when a granted request left."""
    _changed: float = 0.0
    _opens: float = 0.0
    """When the places of the last step may be taken: not at the moment of another answer, at which
    an endpoint that limits the rate would refuse just as well."""
    _latency: float = 0.0
    _gap: float = 0.0
    _answers: int = 0
    _step: int = 1
    _hold: int = 0
    """The factor of the hold; 0 until the limit was met again."""
    _refused_at: int = 0
    _wait: float = 0.0
    _skip: float = FIRST_TIMED
    _apart: float = APART

    def opens(self) -> float:
        """The moment at which a request may leave: infinite while all places are taken."""
        if self.most is None:
            return 0.0
        free = self.most - len(self._out)
        if free <= 0:
            return inf
        step = self._opens if len(self._out) >= self._met else 0.0
        late = len(self._freed) - free
        return max(step, self._freed[late] + self._gap if late >= 0 and self._gap else 0.0)

    def left(self, now: float) -> None:
        """A request leaves now."""
        if len(self._out) >= self._met:
            self._opens = now + self._latency / 2 / self._step
        self._out[now] = len(self._out)

    def back(self, sent: float) -> None:
        """The request that left at `sent` has come back, answered or not."""
        self._out.pop(sent, None)

    def answered(self, sent: float, now: float) -> None:
        """The request that left at `sent` was answered; it has not come back before."""
        self._latency = now - sent
        self._held = max(self._held, self._out.get(sent, 0))
        if self.most is None:
            return
        self._freed = [*self._freed, now][-self.most :]
        if sent < self._changed:
            return
        self._answers += 1
        if self._ripe(self.most, now):
            self._met, self._opens = self.most, now + self._latency / 2
            self._step *= 2
            self._set(self.most + self._step, now)

    def refused(self, sent: float, now: float, wait: float) -> bool:
        """The request that left at `sent` was refused. Returns whether this limit explains it.

        `wait` is how long the endpoint asks to wait, 0 if it does not say.
        """
        others = self._out.get(sent, 0)
        if self.most is None:
            return self._try(others, now, wait)
        if sent < self._changed:
            return True
        if max(others, len(self._out) - 1) >= self._met:
            self._meet(max(others, self._met), now, wait)
        elif self._hold and not wait and self._gap < min(LONGEST_GAP, self._latency / 4):
            self._gap = max(2 * self._gap, FIRST_GAP)
            self._set(self._met, now)
        else:
            self._met, self._step = max(1, min(others, self.most - 1)), 1
            self._set(self._met, now)
        if not others or self.most < FALLEN * (self._held + 1):
            self._give_up()
        return self.most is not None

    def _ripe(self, most: int, now: float) -> bool:
        """Whether it is time for a step."""
        if not self._hold:
            return self._answers >= ROUNDS * most
        answers = self._hold * max(most, HOLD_ANSWERS)
        waited = self._hold * HOLD_WAITS * self._wait
        return self._answers >= answers and now - self._changed >= waited

    def _try(self, others: int, now: float, wait: float) -> bool:
        if not self._latency:  # no answer has come yet, so nothing shows how many are held
            return False
        if self._skip > 0:
            self._skip -= 1 if wait else FIRST_TIMED / FIRST
            return False
        if others < max(1, self._held):
            self._give_up()
            return False
        self._met, self._hold, self._gap = others, 0, 0.0
        self._step = others
        self._set(others, now)
        return True

    def _meet(self, others: int, now: float, wait: float) -> None:
        """A step was refused: the endpoint holds `others`."""
        again = others == self._refused_at
        self._hold = min(max(1, 2 * self._hold), LONGEST_HOLD) if again else 0
        self._step = 1 if again else max(1, others // 4)
        self._met, self._wait, self._refused_at = others, wait, others
        self._set(others, now)

    def _give_up(self) -> None:
        self.most, self._step, self._held = None, 1, 0
        self._skip, self._apart = self._apart, 2 * self._apart

    def _set(self, most: int, now: float) -> None:
        self.most, self._changed, self._answers = most, now, 0
