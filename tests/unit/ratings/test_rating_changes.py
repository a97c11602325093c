"""How the ratings of generators change between two judges of the same matches."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from rrm_queue.ratings.bradley_terry import strengths
from rrm_queue.ratings.changes import RatingChange, rating_changes, tau
from rrm_queue.ratings.columns import Columns

NAMES = [f"g{number}" for number in range(6)]


def battles(seed: int, prompts: int = 60, each: int = 10) -> tuple[np.ndarray, ...]:
    """Two judges of the same answers: each answer has a quality that both see with errors."""
    chance = np.random.RandomState(seed)
    clusters = np.repeat(np.arange(prompts), each)
    firsts = chance.randint(0, 6, len(clusters))
    seconds = (firsts + chance.randint(1, 6, len(clusters))) % 6
    quality = np.linspace(-1, 1, 6) + chance.normal(0, 1, (prompts, 6))
    lead = quality[clusters, firsts] - quality[clusters, seconds]
    one, two = (
        np.where(chance.random_sample(len(lead)) < 1 / (1 + np.exp(-lead)), 1, 2) for _ in range(2)
    )
    return firsts, seconds, one, two, clusters


def test_the_ratings_are_those_of_either_judge_alone() -> None:
    firsts, seconds, one, two, clusters = battles(1)
    found = rating_changes(NAMES, firsts, seconds, (one, two), clusters)
    for outcomes, key in ((one, "bt"), (two, "other_bt")):
        points = strengths(Columns(6, firsts, seconds, outcomes.astype(np.uint8)).wins()).points
        held = {row.generator: getattr(row, key) for row in found.rows}
        assert [held[name] for name in NAMES] == pytest.approx(points.tolist())
    assert found.matches == len(firsts)
    assert [row.rank for row in found.rows] == sorted(row.rank for row in found.rows)
    assert all(row.moved == row.rank - row.other_rank for row in found.rows)
    assert all(row.low < row.change < row.high for row in found.rows)


def test_the_same_outcomes_change_nothing_for_sure() -> None:
    firsts, seconds, one, _, clusters = battles(2)
    found = rating_changes(NAMES, firsts, seconds, (one, one), clusters)
    assert all(abs(row.change) + abs(row.low) + abs(row.high) < 1e-3 for row in found.rows)
    assert found.tau == pytest.approx(1)


def test_the_intervals_of_changes_cover_what_they_say() -> None:
    """Both judges see the same qualities, so that every true change is 0."""
    held = [row.low <= 0 <= row.high for seed in range(100) for row in _changes(seed)]
    assert 0.93 < np.mean(held) < 0.97


def _changes(seed: int) -> tuple[RatingChange, ...]:
    firsts, seconds, one, two, clusters = battles(seed)
    return rating_changes(NAMES, firsts, seconds, (one, two), clusters).rows


def test_matches_without_two_generators_are_left_out() -> None:
    firsts, seconds = np.array([0, 0, -1, 1]), np.array([1, 0, 1, -1])
    said = np.array([1, 1, 1, 1])
    found = rating_changes(NAMES, firsts, seconds, (said, said), np.arange(4))
    assert (found.matches, [row.generator for row in found.rows]) == (1, ["g0", "g1"])
    assert rating_changes(NAMES, firsts[2:], seconds[2:], (said, said), np.arange(2)).rows == ()


def test_one_prompt_says_nothing_of_the_uncertainty() -> None:
    firsts, seconds, one, two, _ = battles(3)
    found = rating_changes(NAMES, firsts, seconds, (one, two), np.zeros(len(one), np.int64))
    assert all((row.low, row.high) == (-np.inf, np.inf) for row in found.rows)


def test_tau_is_that_of_scipy() -> None:
    chance = np.random.RandomState(0)
    one, two = chance.randint(0, 6, 20).astype(float), chance.randint(0, 6, 20).astype(float)
    assert tau(one, two) == pytest.approx(kendalltau(one, two).statistic)
