"""The pace of one endpoint: when the next request may leave. It decides; it does not wait.

An endpoint that limits its callers refuses requests: 429, 503, overloaded. It rarely states its
limit, so the pace is searched for. Two facts bound it: the rate that the endpoint has granted
since the first refusal, and the pace at which it refused last, the ceiling. After a refusal the
pace climbs from between the two to just below the ceiling, stays there, and then grows until the
next refusal. The more a refusal costs, the longer it stays. Requests that left before a refusal
was known slow the pace only once. An endpoint may limit the requests in flight instead; while that
explains its refusals, there is no pace. Others refuse a request now and then by chance: as long as
no limit is known, a few refusals among many answers show none.

The measured rate is what BBR (Cardwell et al., 2016) paces by; the plateau below the last
refused pace and the growth after it are those of CUBIC (RFC 9438).
"""

from collections import deque
from dataclasses import dataclass, field
from math import inf

from rrm_queue.judging.concurrency import Concurrency
from rrm_queue.judging.granted_rate import REMEMBERED, GrantedRate

FIRST_SPACING = 0.0025
"""Seconds between the first requests, so that a first refusal comes before most have left."""

UNLIMITED = 1 / FIRST_SPACING
"""Requests a second. A pace that reaches this is no limit any more."""

FIRST_WAIT = 0.1
LONGEST_WAIT = 30.0
"""Seconds to wait after a refusal that states no time. The wait doubles with each refusal."""

LONGEST_GRANTS = 10
"""The same in grants, once their rate is known."""

JITTER = 0.1
"""The most that is added to a wait, as a share of it. So workers do not return all at once."""

BELOW = 0.04
"""How far below the refused pace the pace stays, as a share of it; further at the beginning."""

STEP = 0.25
"""The same where nearly all time was spent waiting, so that few refusals find the limit."""

HOLD_ANSWERS = 30
"""The most answers for which the pace stays there, where a refusal costs little."""

HOLD_WAITS = 20
"""The least time for which it stays there, in waits: the next refusal may cost one wait."""

GROWTH = 1.25
"""The factor by which the pace then grows in the same time."""

RECENT = 10
COMPANY = 0.3
"""The share of so many requests that is refused where there is a limit. Fewer may be chance, for
some endpoints refuse a request now and then, at any pace."""

FALLEN = 0.9
"""The share to which the granted rate falls by refusals that come one by one and are chance."""

IDLE = 1.0
"""Seconds after its moment at which a request is late because there was none to send."""


@dataclass(slots=True)
class Pace:
    """One endpoint's pace. Moments and waits are seconds of one clock, rates requests a second.

    No request leaves before `opens`.
    """

    opens: float = 0.0
    known: bool = False
    """Whether any request was answered or refused. Before that, requests leave a little apart."""
    refusals: int = 0
    """Refusals since the last answer. Refusals at one pace count once."""
    concurrency: Concurrency = field(default_factory=Concurrency)
    """Whether and how the endpoint limits the requests in flight instead."""
    _limited: bool = False
    _ceiling: float = UNLIMITED
    _granted: GrantedRate = field(default_factory=GrantedRate)
    _wait: float = FIRST_WAIT
    _costly: float = 0.0
    """The share of the time from the refusal before to the last one that was spent waiting."""
    _next: float = 0.0
    _changed: float = -inf
    _recent: deque[bool] = field(default_factory=lambda: deque(maxlen=RECENT))
    """Which of the last requests were refused."""
    _peak: float = 0.0
    """The most that was granted since refusals came one by one."""
    _answers: int = 0
    """Answers since the last refusal, to requests that left after it."""

    @property
    def rate(self) -> float | None:
        """The present pace; None where there is no limit."""
        if not self._limited or self.concurrency.most is not None:
            return None
        granted = self._granted.rate
        if granted is None:
            return 1 / self._wait
        evidence, top = self._granted.count, self._top(granted)
        if self._answers < evidence:
            base = min((granted * self._ceiling) ** 0.5, top)
            return float(base * (top / base) ** (self._answers / evidence))
        return float(top * GROWTH ** max(0.0, (self._answers - evidence) / self._hold(top) - 1))

    def _top(self, granted: float) -> float:
        """The pace just below the ceiling."""
        below = max(BELOW, self._costly * STEP, 0.5 / self._granted.count)
        return max(self._ceiling * (1 - below), granted * (1 - BELOW / 2))

    def _hold(self, top: float) -> float:
        """For how many answers the pace stays at `top`."""
        evidence = self._granted.count
        costly = HOLD_WAITS * self._wait * top * min(1.0, evidence / REMEMBERED)
        return max(min(HOLD_ANSWERS, evidence), costly)

    def due(self, now: float) -> float:
        """The moment at which the next request may leave."""
        return max(now, self.opens, self._next, self.concurrency.opens())

    def left(self, now: float, spacing: float = 0.0) -> None:
        """A request leaves now; the next leaves `spacing` seconds later, or later at this pace."""
        rate = self.rate
        if rate is not None:
            spacing = max(spacing, 1 / rate)
            late = now - max(self.opens, self._next)
            self._granted.left(idle=late if late > IDLE else 0.0)
        elif not self.known:
            spacing = max(spacing, FIRST_SPACING)
        self._next = now + spacing
        self.concurrency.left(now)

    def answered(self, sent: float, now: float) -> None:
        """A request that left at `sent` was answered."""
        self.known = True
        self.concurrency.answered(sent, now)
        self._recent.append(False)
        if not self._limited or sent < self._changed:
            return
        self.refusals = 0
        if self._granted.rate is None:
            self._granted.mark(now)
            return
        self._answers += 1
        if (self.rate or inf) >= UNLIMITED:
            self._limited, self._ceiling = False, UNLIMITED

    def refused(self, sent: float, now: float, retry_after: float, jitter: float) -> None:
        """A request that left at `sent` was refused.

        `retry_after` is how long the endpoint asks to wait, 0 if it does not say. `jitter` is a
        random number from 0 to 1.
        """
        self.known = True
        longer = 1 + JITTER * jitter
        if self._limited:
            self._granted.refused(sent)
        if (
            self._by_chance(sent)
            or self.concurrency.refused(sent, now, retry_after)
            or sent < self._changed
        ):
            self.opens = max(self.opens, now + retry_after * longer)
            return
        self._slow_down(now)
        self._wait = (retry_after or self._back_off()) * longer
        self.opens = max(self.opens, now + self._wait)
        self.refusals += 1

    def _by_chance(self, sent: float) -> bool:
        """Whether this refusal shows no limit.

        It is one of few, and either no limit is known, or the pace has fallen by such refusals
        alone and they did not become rarer.
        """
        if sent < self._changed or self.concurrency.most is not None:
            return False
        self._recent.append(True)
        if sum(self._recent) >= COMPANY * len(self._recent):
            self._peak = 0.0
            return False
        granted = self._granted.rate
        if self._limited and granted is not None:
            self._peak = max(self._peak, granted)
            if granted < FALLEN * self._peak:
                self._limited, self._ceiling, self._peak = False, UNLIMITED, 0.0
        return not self._limited

    def _back_off(self) -> float:
        """Seconds to wait after a refusal that states no time."""
        granted = self._granted.rate
        first = FIRST_WAIT if granted is None else 1 / self._ceiling
        longest = LONGEST_WAIT if granted is None else min(LONGEST_WAIT, LONGEST_GRANTS / granted)
        return min(first * 2.0 ** min(self.refusals, 20), longest)

    def _slow_down(self, now: float) -> None:
        """Notes at which pace a request was refused, and what was granted until then."""
        if not self._limited:
            self._limited = True
            self._granted.start(now)
        else:
            if self._granted.since > 0:  # its answers may take longer than the next refusal
                self.refusals = 0
            if not self.refusals and self._granted.rate is not None:
                self._ceiling = self.rate or UNLIMITED
                self._costly = min(1.0, self._wait / max(now - self._changed, 1e-9))
            self._granted.mark(now)
        self._changed, self._answers = now, 0
        self._recent.clear()
