"""Calibration: a judge's probabilities against labels."""

import numpy as np
import pytest

from rrm_queue.columns import FIRST, SECOND, TIE, Verdicts, Votes
from rrm_queue.diagnostics.calibration import FEW, Calibration, calibration

PAIRS = 4000


def votes_of(said: np.ndarray, swapped: np.ndarray | None = None, each: int = 1) -> Votes:
    """`each` votes on every pair, all with the pair's probability."""
    count = len(said) * each
    turned = np.zeros(count, np.bool_) if swapped is None else np.repeat(swapped, each)
    numbers = np.tile(np.arange(1, each + 1), len(said))
    matches = np.repeat(np.arange(len(said)), each)
    none = np.full(count, -1)
    return Votes(matches, numbers, turned, np.ones(count, np.int8), none, np.repeat(said, each))


def drawn(said: np.ndarray, seed: int = 1) -> Verdicts:
    """Labels that are for the first as often as `said` says."""
    chance = np.random.default_rng(seed).random(len(said))
    return np.where(chance < said, FIRST, SECOND).astype(np.int8)


def found(labels: Verdicts, votes: Votes) -> Calibration:
    held = calibration(labels, votes)
    assert held is not None
    return held


def test_a_judge_that_is_right_as_often_as_it_says_errs_only_by_chance() -> None:
    said = np.random.default_rng(2).random(PAIRS)
    held = found(drawn(said), votes_of(said))
    assert held.ece == pytest.approx(held.ece_by_chance, abs=0.015)
    assert held.brier == pytest.approx(1 / 6, abs=0.01)  # the mean of p(1 - p)
    assert sum(one.right.low <= one.mean <= one.right.high for one in held.bins) >= 8
    assert (held.votes, held.pairs, held.few) == (PAIRS, PAIRS, False)


def test_a_judge_that_is_too_sure_is_found_out() -> None:
    sure = np.where(np.random.default_rng(3).random(PAIRS) < 0.5, 0.99, 0.01)
    held = found(drawn(np.where(sure > 0.5, 0.7, 0.3)), votes_of(sure))
    assert held.ece == pytest.approx(0.29, abs=0.02)
    assert held.ece_by_chance < 0.01
    assert [(one.low, one.high) for one in held.bins] == [(0.0, 0.1), (0.9, 1.0)]


def test_a_vote_in_the_other_order_says_the_same_of_the_other_answer() -> None:
    said = np.random.default_rng(4).random(PAIRS)
    labels, turned = drawn(said), np.arange(PAIRS) % 2 == 1
    shown = np.where(turned, 1 - said, said)
    assert found(labels, votes_of(shown, turned)).brier == pytest.approx(
        found(labels, votes_of(said)).brier
    )


def test_more_votes_on_the_same_pairs_make_no_narrower_intervals() -> None:
    said = np.full(200, 0.75)
    one, four = (found(drawn(said), votes_of(said, each=each)).bins[0] for each in (1, 4))
    assert four.right.n == 4 * one.right.n
    assert four.right.high - four.right.low == pytest.approx(
        one.right.high - one.right.low, rel=0.1
    )


def test_small_samples_say_so_and_ties_and_unknown_probabilities_are_left_out() -> None:
    labels = np.array([FIRST, TIE, SECOND], np.int8)
    held = found(labels, votes_of(np.array([1.0, 0.2, np.nan])))
    assert (held.votes, held.pairs, held.few, held.brier) == (1, 1, True, 0.0)
    assert FEW > 1
    assert held.bins[0].right.low < 0.3
    assert calibration(labels, votes_of(np.full(3, np.nan))) is None
    assert calibration(np.full(3, TIE, np.int8), votes_of(np.full(3, 0.5))) is None
