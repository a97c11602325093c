"""Limits as endpoints have them, in simulated time, and how a paced caller fares with each.

Moments are seconds from the start. `ask` returns None for a granted request, else the seconds that
Retry-After names, 0 where the endpoint does not say.
"""

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil, inf
from random import Random
from typing import ClassVar, NamedTuple, Protocol

from rrm_queue.judging.pace import Pace

Says = Callable[[float], float]
"""What Retry-After names when so many seconds are left."""


def nothing(left: float) -> float:
    """The endpoint does not say when to come back."""
    return 0.0


def whole_seconds(left: float) -> float:
    """The time left, rounded up as HTTP's header wants it."""
    return max(1.0, ceil(left))


def always_60(left: float) -> float:
    """A minute, whatever is left."""
    return 60.0


def one(chance: Random) -> float:
    """Each request costs the same."""
    return 1.0


class Limiter(Protocol):
    def ask(self, now: float, chance: Random) -> float | None:
        """Asks for one request."""

    def done(self, now: float) -> None:
        """A granted request was answered."""

    def offered(self, seconds: float, latency: float) -> float:
        """How many requests it grants in that time to a caller that always asks."""


@dataclass
class Bucket:
    """A token bucket: `burst` tokens at most, `rate` new ones a second; a request costs `cost`."""

    rate: float
    burst: float
    says: Says = nothing
    cost: Callable[[Random], float] = one
    mean_cost: float = 1.0
    level: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.burst

    def ask(self, now: float, chance: Random) -> float | None:
        self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at, cost = now, self.cost(chance)
        if self.level < cost:
            return self.says((cost - self.level) / self.rate)
        self.level -= cost
        return None

    def done(self, now: float) -> None:
        pass

    def offered(self, seconds: float, latency: float) -> float:
        return (self.burst + seconds * self.rate) / self.mean_cost


@dataclass
class Changing(Bucket):
    """A bucket of 5 whose rate is another one of `rates` every `each` seconds."""

    rate: float = 0.0
    burst: float = 5.0
    rates: tuple[float, ...] = ()
    each: float = 0.0

    def __init__(self, rates: tuple[float, ...], *, each: float) -> None:
        super().__init__(rates[0], 5.0)
        self.rates, self.each = rates, each

    def ask(self, now: float, chance: Random) -> float | None:
        self.rate = self.rates[min(int(now / self.each), len(self.rates) - 1)]
        return super().ask(now, chance)

    def offered(self, seconds: float, latency: float) -> float:
        return sum(self.rates) * self.each


@dataclass
class FixedWindow:
    """`most` requests in each minute of the clock."""

    most: int
    says: Says = nothing
    window: int = 0
    taken: int = 0

    def ask(self, now: float, chance: Random) -> float | None:
        window = int(now // 60)
        if window != self.window:
            self.window, self.taken = window, 0
        if self.taken >= self.most:
            return self.says(60 * (window + 1) - now)
        self.taken += 1
        return None

    def done(self, now: float) -> None:
        pass

    def offered(self, seconds: float, latency: float) -> float:
        return self.most * ceil(seconds / 60)


@dataclass
class SlidingWindow:
    """`most` requests in any 60 seconds."""

    most: int
    says: Says = nothing
    taken: deque[float] = field(default_factory=deque)

    def ask(self, now: float, chance: Random) -> float | None:
        while self.taken and self.taken[0] <= now - 60:
            self.taken.popleft()
        if len(self.taken) >= self.most:
            return self.says(self.taken[0] + 60 - now)
        self.taken.append(now)
        return None

    def done(self, now: float) -> None:
        pass

    def offered(self, seconds: float, latency: float) -> float:
        return self.most * ceil(seconds / 60)


@dataclass
class AtOnce:
    """`most` requests in flight. A place is free `late` seconds after its answer has left."""

    most: int
    says: Says = nothing
    late: float = 0.0
    freed: list[float] = field(default_factory=list)
    busy: int = 0

    def ask(self, now: float, chance: Random) -> float | None:
        while self.freed and self.freed[0] <= now:
            heapq.heappop(self.freed)
        if self.busy + len(self.freed) >= self.most:
            return self.says(0.0)
        self.busy += 1
        return None

    def done(self, now: float) -> None:
        self.busy -= 1
        heapq.heappush(self.freed, now + self.late)

    def offered(self, seconds: float, latency: float) -> float:
        return self.most * seconds / (latency + self.late)


@dataclass
class Unlucky:
    """No limit, but a request is refused now and then: `share` of them, by chance.

    Its caller has `AT_ONCE` requests in flight.
    """

    AT_ONCE: ClassVar[int] = 16
    share: float
    says: Says = nothing

    def ask(self, now: float, chance: Random) -> float | None:
        return self.says(0.0) if chance.random() < self.share else None

    def done(self, now: float) -> None:
        pass

    def offered(self, seconds: float, latency: float) -> float:
        return self.AT_ONCE / latency * seconds


@dataclass
class Free:
    """No limit."""

    def ask(self, now: float, chance: Random) -> float | None:
        return None

    def done(self, now: float) -> None:
        pass

    def offered(self, seconds: float, latency: float) -> float:
        return 64 / latency * seconds


class Played(NamedTuple):
    """What a caller asked for and got, and what it could have got."""

    requests: int
    granted: int
    offered: float

    @property
    def used(self) -> float:
        """The share of what the endpoint grants that the caller took."""
        return self.granted / self.offered

    @property
    def asked(self) -> float:
        """Requests for each granted one."""
        return self.requests / self.granted


def play(
    limiter: Limiter,
    *,
    seconds: float,
    latency: float,
    seed: int,
    at_once: int = 64,
    way: float = 0.003,
    late: float = 0.003,
) -> Played:
    """A caller with always something to ask, and `at_once` requests in flight at most.

    A request is `way` to twice that on its way in each direction, and leaves up to `late` after its
    moment. An answer takes 0.7 to 1.3 times `latency`.
    """
    return _Play(limiter, Pace(), Random(seed), latency, at_once, way, late).run(seconds)


@dataclass
class _Play:
    limiter: Limiter
    pace: Pace
    chance: Random
    latency: float
    at_once: int
    way: float
    late: float
    events: list[tuple[float, int, str, float, float]] = field(default_factory=list)
    serial: int = 0
    flying: int = 0
    requests: int = 0
    granted: int = 0
    leaving: float = inf
    """When the next request is to leave; an answer can bring it forward."""

    def run(self, seconds: float) -> Played:
        now = 0.0
        while now < seconds:
            due = self.pace.due(now) if self.flying < self.at_once else inf
            if due + self.late < self.leaving:
                self.leaving = due + self.late * self.chance.random()
                self._at(self.leaving, "leave")
            now, _, what, sent, wait = heapq.heappop(self.events)
            getattr(self, "_" + what)(now, sent, wait)
        return Played(self.requests, self.granted, self.limiter.offered(seconds, self.latency))

    def _at(self, moment: float, what: str, sent: float = 0.0, wait: float = 0.0) -> None:
        self.serial += 1
        heapq.heappush(self.events, (moment, self.serial, what, sent, wait))

    def _travel(self) -> float:
        return self.way * self.chance.uniform(1, 2)

    def _leave(self, now: float, sent: float, wait: float) -> None:
        self.leaving = inf
        if self.flying >= self.at_once or self.pace.due(now) > now:
            return
        self.flying, self.requests = self.flying + 1, self.requests + 1
        self.pace.left(now)
        self._at(now + self._travel(), "arrive", now)

    def _arrive(self, now: float, sent: float, wait: float) -> None:
        refused = self.limiter.ask(now, self.chance)
        if refused is not None:
            self._at(now + self._travel(), "refuse", sent, refused)
            return
        self.granted += 1
        self._at(now + self.latency * self.chance.uniform(0.7, 1.3), "finish", sent)

    def _finish(self, now: float, sent: float, wait: float) -> None:
        self.limiter.done(now)
        self._at(now + self._travel(), "answer", sent)

    def _answer(self, now: float, sent: float, wait: float) -> None:
        self.flying -= 1
        self.pace.answered(sent, now)
        self.pace.concurrency.back(sent)

    def _refuse(self, now: float, sent: float, wait: float) -> None:
        self.flying -= 1
        self.pace.refused(sent, now, wait, self.chance.random())
        self.pace.concurrency.back(sent)
