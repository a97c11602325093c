"""Few results are rated by NumPy, many by Evalica and SciPy: the ratings are the same."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.ratings import bradley_terry, comparability, elo, newton
from rrm_queue.ratings.columns import Columns

NUMBER = st.integers(0, 11)
PAIRS = st.lists(st.tuples(NUMBER, NUMBER).filter(lambda p: p[0] != p[1]), max_size=80)


@st.composite
def results(draw: Any) -> Columns:
    """The results of twelve candidates, some without a match."""
    rows = [(*pair, draw(st.sampled_from((*pair, -1)))) for pair in draw(PAIRS)]
    return Columns.of(12, np.array(rows, np.int64).reshape(-1, 3))


@given(columns=results())
def test_few_and_many_are_rated_alike(columns: Columns) -> None:
    wins = columns.wins()
    few = bradley_terry.strengths(wins), comparability.comparability(wins)
    spread, played = elo.elo_spread(columns, 7, 10), elo.elo(columns, 7)
    with pytest.MonkeyPatch.context() as limits:
        limits.setattr(bradley_terry, "FEW", 0)
        limits.setattr(comparability, "FEW", 0)
        limits.setattr(elo, "FEW", 0)
        many = bradley_terry.strengths(wins), comparability.comparability(wins)
        spread_of_many, played_of_many = elo.elo_spread(columns, 7, 10), elo.elo(columns, 7)
    np.testing.assert_allclose(few[0].points, many[0].points, atol=1e-5)
    assert few[0].average == pytest.approx(many[0].average, abs=1e-5)
    np.testing.assert_array_equal(few[1].components, many[1].components)
    np.testing.assert_array_equal(few[1].groups, many[1].groups)
    np.testing.assert_allclose(spread.mean, spread_of_many.mean, atol=1e-9)
    np.testing.assert_allclose(spread.high, spread_of_many.high, atol=1e-9)
    np.testing.assert_allclose(played, played_of_many, atol=1e-9)


@given(columns=results())
def test_without_a_prior_too(columns: Columns) -> None:
    wins = columns.wins() + 0.01 * (1 - np.eye(12))  # everybody has beaten everybody a little
    few = bradley_terry.strengths(wins, 0.0).points
    with pytest.MonkeyPatch.context() as limits:
        limits.setattr(bradley_terry, "FEW", 0)
        many = bradley_terry.strengths(wins, 0.0).points
    np.testing.assert_allclose(few, many, atol=1e-4)


def test_candidates_who_hardly_ever_lose_are_rated() -> None:
    wins = np.array([[0.0, 1e6, 1e6], [1.0, 0.0, 1e3], [1e-3, 1.0, 0.0]])
    few = bradley_terry.strengths(wins, 0.0).points
    with pytest.MonkeyPatch.context() as limits:
        limits.setattr(bradley_terry, "FEW", 0)
        many = bradley_terry.strengths(wins, 0.0).points
    np.testing.assert_allclose(few, many, atol=0.01)


def test_a_single_candidate_stands_at_the_mean() -> None:
    nobody = np.zeros((1, 1))
    assert bradley_terry.strengths(nobody, 0.0).points.tolist() == [elo.INITIAL]
    assert bradley_terry.strengths(nobody).points.tolist() == [elo.INITIAL]


@given(seed=st.integers(0, 10_000), most=st.sampled_from([3, 1_000, 100_000]))
def test_one_sided_results_of_many_matches_are_rated_exactly(seed: int, most: int) -> None:
    chance = np.random.default_rng(seed)
    size = int(chance.integers(2, 30))
    met = np.tril(chance.random((size, size)) < 0.3, -1)
    won, lost = chance.integers(1, most + 1, met.shape), chance.integers(0, 3, met.shape)
    between = np.where(met, won, np.where(met.T, lost, 0)).astype(np.float64)
    turn = chance.permutation(size)
    wins = np.pad(between[np.ix_(turn, turn)], (0, 1), constant_values=1.0)
    wins[size, size] = 0
    logits = newton.bradley_terry_logits(wins)
    chances = 1 / (1 + np.exp(logits[None, :] - logits[:, None]))
    slope = (wins - (wins + wins.T) * chances).sum(axis=1)
    assert np.abs(slope).max() < 1e-6
