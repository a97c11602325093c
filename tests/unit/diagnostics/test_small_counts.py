"""What is computed without SciPy is what SciPy computes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import bdtr, bdtrc, stdtrit

from rrm_queue.diagnostics.small_counts import (
    FEW_DEGREES,
    FEW_TOSSES,
    FEW_TRIALS,
    heads_at_most,
    more_than,
    student,
)


@given(st.integers(0, FEW_TOSSES + 2), st.data())
def test_heads_of_a_fair_coin(tosses: int, data: st.DataObject) -> None:
    heads = data.draw(st.integers(0, tosses))
    expected = float(bdtr(heads, tosses, 0.5))
    assert heads_at_most(heads, tosses) == pytest.approx(expected, rel=1e-11, abs=1e-300)


@given(st.integers(1, FEW_TRIALS + 2), st.floats(0, 1), st.data())
def test_successes_of_trials(trials: int, chance: float, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, trials - 1))
    expected = float(bdtrc(count, trials, chance))
    assert more_than(count, trials, chance) == pytest.approx(expected, rel=1e-11, abs=1e-15)


def test_students_quantiles() -> None:
    for degrees in (*range(1, 300), *range(300, FEW_DEGREES + 3, 17), FEW_DEGREES):
        assert student(degrees) == pytest.approx(float(stdtrit(degrees, 0.975)), rel=1e-12)
