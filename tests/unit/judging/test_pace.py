"""The pace of an endpoint, played against limiters in simulated time."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from random import Random
from typing import NamedTuple, Protocol

import pytest

from rrm_queue.judging.pace import FIRST_SPACING, JITTER, LONGEST_WAIT, Pace


class Limiter(Protocol):
    def ask(self, now: float) -> float | None:
        """None when the request is taken, else the Retry-After, 0 where it says nothing."""


@dataclass
class Spacing:
    """Takes one request every 1/rate seconds."""

    rate: float
    open_at: float = 0.0
    says: bool = False

    def ask(self, now: float) -> float | None:
        if now < self.open_at:
            return ceil(self.open_at - now) if self.says else 0.0
        self.open_at = now + 1 / self.rate
        return None


@dataclass
class Bucket:
    """Takes a burst, then `rate` requests a second; says when to come back."""

    rate: float
    burst: float
    level: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.burst

    def ask(self, now: float) -> float | None:
        self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1:
            return ceil((1 - self.level) / self.rate)
        self.level -= 1
        return None


class Free:
    def ask(self, now: float) -> float | None:
        return None


class Played(NamedTuple):
    seconds: float
    requests: int


def play(  # noqa: C901  # one branch for each kind of event
    limiter: Limiter, *, answers: int, latency: float, seed: int
) -> Played:
    """How long so many answers take at an endpoint, with 64 requests in flight at most."""
    chance, pace = Random(seed), Pace()
    events: list[tuple[float, int, str, float, float]] = []
    now, given, waiting, flying, requests, serial = 0.0, 0, answers, 0, 0, 0

    def at(moment: float, what: str, sent: float = 0.0, wait: float = 0.0) -> None:
        nonlocal serial
        serial += 1
        heapq.heappush(events, (moment, serial, what, sent, wait))

    while given < answers:
        if waiting and flying < 64 and not any(event[2] == "leave" for event in events):
            at(pace.due(now), "leave")
        now, _, what, sent, wait = heapq.heappop(events)
        if what == "leave" and pace.due(now) <= now:
            waiting, flying, requests = waiting - 1, flying + 1, requests + 1
            pace.left(now)
            at(now + 0.003 * chance.random(), "arrive", now)
        elif what == "arrive":
            refused = limiter.ask(now)
            if refused is None:
                at(now + latency * chance.uniform(0.7, 1.3), "answer", sent)
            else:
                at(now + 0.003 * chance.random(), "refuse", sent, refused)
        elif what == "answer":
            flying, given = flying - 1, given + 1
            pace.answered(sent, now)
        elif what == "refuse":
            flying, waiting = flying - 1, waiting + 1
            pace.refused(sent, now, wait, chance.random())
    return Played(now, requests)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("limiter", "latency", "rate", "burst"),
    [
        (lambda: Spacing(0.5), 0.2, 0.5, 0),
        (lambda: Spacing(0.5, says=True), 0.2, 0.5, 0),
        (lambda: Spacing(2), 0.2, 2, 0),
        (lambda: Spacing(10), 0.2, 10, 0),
        (lambda: Bucket(1, 60), 5, 1, 60),
        (lambda: Bucket(10, 20), 0.2, 10, 20),
    ],
)
def test_a_limited_endpoint_is_used_to_nine_tenths_with_few_requests_refused(
    limiter: Callable[[], Limiter], latency: float, rate: float, burst: int, seed: int
) -> None:
    played = play(limiter(), answers=400, latency=latency, seed=seed)
    assert (400 - burst) / rate / played.seconds >= 0.9
    assert played.requests / 400 <= 1.1


def test_slow_answers_of_a_limited_endpoint_are_waited_for_side_by_side() -> None:
    played = play(Spacing(0.5), answers=400, latency=30, seed=1)
    assert 400 / 0.5 / played.seconds >= 0.85
    assert played.requests / 400 <= 1.1


def test_an_endpoint_without_a_limit_is_asked_at_full_speed() -> None:
    played = play(Free(), answers=2000, latency=0.5, seed=1)
    assert played.requests == 2000
    assert played.seconds < 1.05 * 2000 / 64 * 0.5


def test_requests_that_left_before_a_refusal_slow_the_pace_once() -> None:
    pace = Pace()
    for sent in (0.0, 0.1, 0.2):
        pace.left(sent)
    pace.refused(0.0, 0.3, 0.0, 0.0)
    rate = pace.rate
    pace.refused(0.1, 0.31, 0.0, 0.0)
    pace.refused(0.2, 0.32, 0.0, 0.0)
    assert (pace.rate, pace.refusals) == (rate, 1)


def test_a_requested_wait_is_kept_in_full_and_gets_jitter() -> None:
    for jitter in (0.0, 0.5, 1.0):
        pace = Pace()
        pace.refused(0.0, 1.0, 60.0, jitter)
        assert pace.due(2.0) == pytest.approx(1 + 60 * (1 + JITTER * jitter))


def test_a_later_refusal_of_the_same_round_can_lengthen_the_wait() -> None:
    pace = Pace()
    pace.refused(0.0, 1.0, 1.0, 0.0)
    pace.refused(0.5, 1.1, 60.0, 0.0)
    assert pace.due(2.0) == pytest.approx(61.1)


def test_waits_that_the_endpoint_does_not_name_double_up_to_a_limit() -> None:
    pace, now, waits = Pace(), 0.0, []
    for _ in range(12):
        pace.refused(now, now, 0.0, 0.0)
        waits.append(pace.due(now) - now)
        now = pace.due(now)
    assert waits[:3] == pytest.approx([0.1, 0.2, 0.4])
    assert waits[-1] == pytest.approx(LONGEST_WAIT)


def test_the_first_requests_leave_a_little_apart() -> None:
    pace = Pace()
    pace.left(0.0)
    assert pace.due(0.0) == FIRST_SPACING
    pace.answered(0.0, 1.0)
    pace.left(1.0)
    assert pace.due(1.0) == 1.0


def test_a_known_limit_spaces_requests_from_the_first() -> None:
    pace = Pace()
    pace.left(0.0, 2.0)
    assert pace.due(0.0) == 2.0
