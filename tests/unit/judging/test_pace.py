"""The pace of an endpoint, played against limiters in simulated time."""

from collections.abc import Callable, Iterator
from functools import partial
from math import inf
from random import Random

import pytest
from kit.limiters import (
    AtOnce,
    Bucket,
    Changing,
    FixedWindow,
    Free,
    Limiter,
    SlidingWindow,
    Unlucky,
    always_60,
    nothing,
    play,
    whole_seconds,
)

from rrm_queue.judging.concurrency import FIRST, Concurrency
from rrm_queue.judging.pace import FIRST_SPACING, JITTER, LONGEST_WAIT, Pace

UNSAID = [nothing, whole_seconds]


def cases() -> Iterator[tuple[str, Callable[[], Limiter], float]]:
    """Limits of 0.5 to 50 requests a second, and how long each is played, in seconds."""
    for rate in (0.5, 2.0, 10.0, 50.0):
        seconds = {0.5: 3600.0, 2.0: 2400.0, 10.0: 1800.0, 50.0: 240.0}[rate]
        minute = int(60 * rate)
        for says in UNSAID:
            name = f"{rate:g}/s, {says.__name__}"
            bursts = (5, minute) if rate == 50 else (1, 5, minute)
            for burst in bursts:  # 20 ms apart and no burst is closer than requests can be timed
                yield f"bucket of {burst}, {name}", partial(Bucket, rate, burst, says), seconds
            yield f"fixed window, {name}", partial(FixedWindow, minute, says), seconds
            yield f"sliding window, {name}", partial(SlidingWindow, minute, says), seconds
            tokens = partial(Bucket, rate * 1000, minute * 1000, says, few_to_many, 1000)
            yield f"tokens a minute, {name}", tokens, seconds


def few_to_many(chance: Random) -> float:
    """The tokens of a request: 1,000 in the mean."""
    return chance.uniform(200, 1800)


CASES = {name: (limiter, seconds) for name, limiter, seconds in cases()}


@pytest.mark.parametrize("case", CASES)
def test_a_limited_endpoint_is_used_to_nine_tenths_with_few_requests_refused(case: str) -> None:
    limiter, seconds = CASES[case]
    played = play(limiter(), seconds=seconds, latency=1.0, seed=1)
    assert played.used >= 0.9
    assert played.asked <= 1.1


@pytest.mark.parametrize("says", UNSAID)
@pytest.mark.parametrize("most", [4, 8, 16, 32])
@pytest.mark.parametrize("latency", [1.0, 10.0])
def test_an_endpoint_that_limits_the_requests_in_flight_is_kept_full(
    most: int, latency: float, says: Callable[[float], float]
) -> None:
    played = play(AtOnce(most, says), seconds=1200 * latency, latency=latency, seed=1)
    assert played.used >= 0.9
    assert played.asked <= 1.1


@pytest.mark.parametrize("says", UNSAID)
def test_an_endpoint_that_frees_its_places_late_is_used_as_well(
    says: Callable[[float], float],
) -> None:
    played = play(AtOnce(16, says, late=0.02), seconds=1500, latency=5.0, seed=1)
    assert played.used >= 0.85
    assert played.asked <= 1.1


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("latency", [1.0, 5.0])
def test_refusals_by_chance_do_not_slow_the_rest(latency: float, seed: int) -> None:
    played = play(
        Unlucky(0.02), seconds=300 * latency, latency=latency, seed=seed, at_once=Unlucky.AT_ONCE
    )
    assert played.used >= 0.9
    assert played.asked <= 1.05


@pytest.mark.parametrize("burst", [1, 5, 100])
def test_an_endpoint_that_always_asks_for_a_minute_is_seldom_refused(burst: int) -> None:
    played = play(Bucket(0.5, burst, always_60), seconds=6 * 3600, latency=1.0, seed=1)
    assert played.used >= 0.9
    assert played.asked <= 1.01


def test_slow_answers_of_a_limited_endpoint_are_waited_for_side_by_side() -> None:
    played = play(Bucket(0.5, 1), seconds=3600, latency=30, seed=1)
    assert played.used >= 0.9
    assert played.asked <= 1.1


def test_a_limit_that_falls_and_rises_again_is_followed() -> None:
    played = play(Changing((10.0, 3.0, 20.0), each=600), seconds=1800, latency=1.0, seed=1)
    assert played.used >= 0.9
    assert played.asked <= 1.1


def test_an_endpoint_without_a_limit_is_asked_at_full_speed() -> None:
    played = play(Free(), seconds=30, latency=0.5, seed=1)
    assert played.asked <= 1 + 64 / played.granted  # those that are on their way at the end
    assert played.used >= 0.95


def test_requests_that_left_before_a_refusal_slow_the_pace_once() -> None:
    pace = Pace()
    for sent in (0.0, 0.1, 0.2):
        pace.left(sent)
    pace.refused(0.0, 0.3, 0.0, 0.0)  # no other was in flight: no limit of those explains it
    rate = pace.rate
    assert rate is not None
    pace.refused(0.1, 0.31, 0.0, 0.0)
    pace.refused(0.2, 0.32, 0.0, 0.0)
    assert (pace.rate, pace.refusals) == (rate, 1)


def test_many_refusals_with_others_in_flight_hold_their_number() -> None:
    limit = Concurrency()
    refuse_often(limit)
    for sent in (1.0, 1.1, 1.2):
        limit.left(sent)
    assert limit.refused(1.2, 1.3, 0.0)
    limit.back(1.2)
    assert (limit.most, limit.opens()) == (2, inf)
    limit.answered(1.0, 1.4)
    limit.back(1.0)
    assert limit.opens() <= 1.4


def test_a_refusal_with_nothing_else_in_flight_ends_the_limit_of_those() -> None:
    limit = Concurrency()
    refuse_often(limit)
    for sent in (1.0, 1.1):
        limit.left(sent)
    assert limit.refused(1.1, 1.2, 0.0)
    limit.back(1.0)
    limit.back(1.1)
    limit.left(1.3)
    assert not limit.refused(1.3, 1.4, 0.0)
    assert (limit.most, limit.opens()) == (None, 0.0)


def refuse_often(limit: Concurrency) -> None:
    """One answer, and then as many refusals as come before the limit is tried."""
    limit.left(0.0)
    limit.answered(0.0, 0.1)
    for number in range(FIRST):
        sent = 0.2 + number / 100
        limit.left(sent)
        assert not limit.refused(sent, sent, 0.0)
        limit.back(sent)
    limit.back(0.0)


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
