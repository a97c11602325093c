"""Rewards from the matches of a group: every kind, equal answers, answers without a match."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.domain import CandidateNumber, Result
from rrm_queue.ratings.columns import Columns
from rrm_queue.ratings.elo import expected_elo, played
from rrm_queue.ratings.rewards import equal_rewards, rewards
from rrm_queue.views.rewards import RewardFormula, RewardKind

KINDS = list(RewardKind)


def all_pairs(strength: list[int]) -> list[Result]:
    """All pairs, won by the stronger; equals draw."""
    results = []
    for one, two in combinations(range(len(strength)), 2):
        first, second = CandidateNumber(one), CandidateNumber(two)
        winner = None
        if strength[one] != strength[two]:
            winner = first if strength[one] > strength[two] else second
        results.append(Result(first, second, winner))
    return results


@pytest.mark.parametrize("kind", KINDS)
@given(strength=st.lists(st.integers(0, 5), min_size=2, max_size=8))
def test_a_stronger_answer_never_gets_less_and_equals_get_the_same(
    kind: RewardKind, strength: list[int]
) -> None:
    size = len(strength)
    found = rewards(range(size), all_pairs(strength), 1, RewardFormula(kind)).rewards
    for one, two in combinations(range(size), 2):
        a, b = found[one], found[two]
        assert a is not None
        assert b is not None
        if strength[one] == strength[two]:
            assert a == pytest.approx(b, abs=0.02)  # Elo's orders differ a little between equals
        else:
            assert (a >= b - 1e-9) == (strength[one] > strength[two]) or kind is RewardKind.BEST


def test_the_formulas() -> None:
    def of(kind: RewardKind) -> list[float | None]:
        return rewards(range(3), all_pairs([2, 1, 0]), 0, RewardFormula(kind)).rewards

    assert of(RewardKind.WINRATE) == [0.75, 0.5, 0.25]
    assert of(RewardKind.RANK) == [1.0, 0.5, 0.0]
    assert of(RewardKind.BEST) == [1.0, 0.0, 0.0]
    bt = of(RewardKind.BT)
    assert bt[1] == pytest.approx(0.5)
    assert bt[0] == pytest.approx(1 - (bt[2] or 0))
    elo = of(RewardKind.ELO)
    assert elo[1] == pytest.approx(0.5, abs=1e-3)
    assert elo[0] == pytest.approx(0.5 + 4 / 200, abs=1e-3)  # two wins of two points each


def test_equal_answers_are_one_candidate_and_share_what_it_gets() -> None:
    found = rewards([0, 1, 0, 2], all_pairs([2, 1, 0]), 0, RewardFormula(RewardKind.RANK))
    assert found.ranks == [1, 3, 1, 4]
    assert found.rewards == pytest.approx([5 / 6, 1 / 3, 5 / 6, 0])


@pytest.mark.parametrize("kind", KINDS)
def test_centred_and_scaled_rewards_have_mean_0_and_deviation_1(kind: RewardKind) -> None:
    formula = RewardFormula(kind, center=True, scale=True)
    found = np.array(rewards([0, 1, 0, 2], all_pairs([2, 1, 0]), 0, formula).rewards, float)
    assert found.mean() == pytest.approx(0, abs=1e-9)
    assert found.std() == pytest.approx(1)


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_without_a_decided_match_has_no_reward(kind: RewardKind) -> None:
    one, two = CandidateNumber(0), CandidateNumber(1)
    found = rewards(range(3), [Result(one, two, one)], 0, RewardFormula(kind))
    assert found.rewards[2] is found.ranks[2] is found.ratings[2] is None
    assert found.ranks[:2] == [1, 2]
    assert None not in found.rewards[:2]
    nothing = rewards(range(3), [], 0, RewardFormula(kind, center=True, scale=True))
    assert nothing.rewards == nothing.ranks == nothing.ratings == [None] * 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_group_of_equal_texts_gets_equal_rewards(kind: RewardKind) -> None:
    found = equal_rewards(5, RewardFormula(kind, scale=True))
    assert len(set(found.rewards)) == 1
    assert found.ranks == [1] * 5


def test_the_expected_elo_is_the_mean_over_orders() -> None:
    columns = Columns.of(5, all_pairs([3, 1, 4, 1, 5]))
    chance = np.random.RandomState(0)
    orders = [chance.permutation(len(columns)) for _ in range(3000)]
    mean = np.mean([played(columns, order) for order in orders], axis=0)
    assert expected_elo(columns, 7) == pytest.approx(mean, abs=0.02)
    assert (expected_elo(columns, 7) == expected_elo(columns, 7)).all()
