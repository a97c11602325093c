"""Rates: Wilson's interval as published, and honest when trials come in clusters."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.diagnostics.rates import clustered, rate, wilson


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe, Statistics in Medicine 17 (1998), table I
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_is_as_newcombe_prints_it(hits: int, trials: int, low: float, high: float) -> None:
    assert wilson(hits, trials) == pytest.approx((low, high), abs=5e-5)


@given(trials=st.integers(1, 10**6), data=st.data())
def test_the_interval_contains_the_rate_and_is_symmetric(trials: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, trials))
    held, other = rate(hits, trials), rate(trials - hits, trials)
    assert 0 <= held.low <= held.estimate <= held.high <= 1
    assert (1 - other.high, 1 - other.low) == pytest.approx((held.low, held.high), abs=1e-9)


def test_no_trials_say_nothing() -> None:
    for held in (
        rate(0, 0),
        clustered(np.zeros(0), np.zeros(0)),
        clustered(np.zeros(3), np.zeros(3)),
    ):
        assert math.isnan(held.estimate)
        assert (held.low, held.high, held.n) == (0, 1, 0)


def test_clusters_that_agree_within_count_once() -> None:
    """Ten trials that all say the same are worth one: the interval of 200, not of 2000."""
    chance = np.random.default_rng(1)
    one = (chance.random(200) < 0.3).astype(float)
    ten = clustered(one * 10, np.full(200, 10.0))
    alone = rate(one.sum(), 200)
    assert ten.n == 2000
    assert ten.estimate == alone.estimate
    assert (ten.low, ten.high) == pytest.approx((alone.low, alone.high), abs=1e-3)


def test_independent_trials_lose_nothing_by_clusters() -> None:
    chance = np.random.default_rng(2)
    hits = chance.binomial(5, 0.4, 20_000).astype(float)
    held, alone = clustered(hits, np.full(20_000, 5.0)), rate(hits.sum(), 100_000)
    assert held.high - held.low == pytest.approx(alone.high - alone.low, rel=0.02)


def test_clustered_intervals_hold_the_truth_95_times_in_100() -> None:
    chance, held = np.random.default_rng(3), []
    for _ in range(1000):
        trials = chance.integers(1, 8, 80).astype(float)
        shares = chance.beta(1, 3, 80)
        found = clustered(chance.binomial(trials.astype(int), shares).astype(float), trials)
        held.append(found.low <= 0.25 <= found.high)
    assert 0.92 < np.mean(held) < 0.98


def test_all_or_nothing_is_as_sure_as_its_clusters_are_many() -> None:
    held = clustered(np.full(20, 50.0), np.full(20, 50.0))
    assert (held.estimate, held.high) == (1, 1)
    assert held.low == pytest.approx(1 - 0.1611, abs=1e-4)
