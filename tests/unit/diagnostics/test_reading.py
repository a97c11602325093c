"""What figures say: by their intervals, not their estimates alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.diagnostics.rates import Rate, rate
from rrm_queue.diagnostics.reading import SLOT_BIAS, Bounds, Level, against, distance

BOUNDS = Bounds(0.1, 0.3)


@pytest.mark.parametrize(
    ("hits", "trials", "level"),
    [
        (0, 0, Level.OPEN),
        (1, 3, Level.OPEN),  # 6 to 79 %
        (5, 100, Level.FINE),
        (20, 100, Level.LOOK),  # 13 to 29 %
        (15, 100, Level.LOOK),  # 9 to 23 %: not surely beyond 10, surely not beyond 30
        (25, 100, Level.LOOK),
        (28, 100, Level.LOOK),  # 20 to 37 %
        (45, 100, Level.WORRY),
        (4, 10, Level.LOOK),  # 17 to 69 %
    ],
)
def test_levels(hits: int, trials: int, level: Level) -> None:
    assert BOUNDS.level(rate(hits, trials)) is level


@given(st.integers(0, 2000), st.integers(1, 2000))
def test_nothing_worries_that_chance_explains(hits: int, trials: int) -> None:
    found = rate(min(hits, trials), trials)
    level = BOUNDS.level(found)
    assert (level is Level.WORRY) == (found.low > BOUNDS.worry)
    if level is Level.FINE:
        assert found.high <= BOUNDS.worry


def test_a_bias_is_a_bias_to_either_slot() -> None:
    for found in (Rate(0.6, 0.57, 0.63, 1000), against(Rate(0.6, 0.57, 0.63, 1000))):
        away = distance(found)
        assert (away.estimate, away.low, away.high) == pytest.approx((0.1, 0.07, 0.13))
        assert SLOT_BIAS.level(away) is Level.WORRY
    even = distance(Rate(0.53, 0.46, 0.6, 100))
    assert (even.estimate, even.low, even.high) == pytest.approx((0, 0, 0.1))
    assert SLOT_BIAS.level(even) is Level.OPEN
