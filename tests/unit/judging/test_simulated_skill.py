"""Simulated verdicts: right as often as they say, the same for a seed, blind among equals."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.domain import Verdict
from rrm_queue.errors import UsageFault
from rrm_queue.judging.engines.simulated.skill import SimulatedSkill, parse_skill

VOTES = 20_000
accuracies = st.floats(0, 1)
biases = st.floats(-20, 20)


def share(skill: SimulatedSkill, one: float, two: float) -> float:
    """How often slot 1 wins."""
    said = [skill.verdict(one, two, seed) for seed in range(VOTES)]
    assert set(said) <= {Verdict.FIRST, Verdict.SECOND}
    return said.count(Verdict.FIRST) / VOTES


@pytest.mark.parametrize("accuracy", [0.0, 0.5, 0.6, 0.8, 0.95, 1.0])
def test_votes_are_right_as_often_as_the_accuracy_says(accuracy: float) -> None:
    error = 4 * math.sqrt(0.25 / VOTES)
    skill = SimulatedSkill(accuracy)
    assert share(skill, 1, 0) == pytest.approx(accuracy, abs=error)
    assert share(skill, -2.5, 7) == pytest.approx(1 - accuracy, abs=error)
    assert share(skill, 1, 1) == pytest.approx(0.5, abs=error), "it cannot tell equals apart"


def test_a_love_of_slot_1_moves_the_odds() -> None:
    error = 4 * math.sqrt(0.25 / VOTES)
    skill = SimulatedSkill(0.8, slot_bias=math.log(2))
    assert share(skill, 1, 0) == pytest.approx(8 / 9, abs=error)
    assert share(skill, 0, 1) == pytest.approx(1 / 3, abs=error)
    assert share(skill, 0, 0) == pytest.approx(2 / 3, abs=error)


@given(accuracy=accuracies, bias=biases, one=st.floats(-9, 9), two=st.floats(-9, 9))
def test_slots_turned_round_with_the_bias_turn_the_chance_round(
    accuracy: float, bias: float, one: float, two: float
) -> None:
    chance = SimulatedSkill(accuracy, bias).chance(one, two)
    assert 0 <= chance <= 1
    assert SimulatedSkill(accuracy, -bias).chance(two, one) == pytest.approx(1 - chance)


@given(accuracy=accuracies, better=accuracies, seed=st.integers(0, 2**63 - 1))
def test_a_vote_that_is_right_stays_right_with_a_better_judge(
    accuracy: float, better: float, seed: int
) -> None:
    """The same draw serves every accuracy, so that judges can be compared on few votes."""
    low, high = sorted((accuracy, better))
    if SimulatedSkill(low).verdict(1, 0, seed) is Verdict.FIRST:
        assert SimulatedSkill(high).verdict(1, 0, seed) is Verdict.FIRST


@pytest.mark.parametrize(
    ("text", "skill"),
    [
        ("0.8", SimulatedSkill(0.8)),
        ("1", SimulatedSkill(1.0)),
        ("0", SimulatedSkill(0.0)),
        ("0.75:0.5", SimulatedSkill(0.75, 0.5)),
        ("0.75:-20", SimulatedSkill(0.75, -20.0)),
    ],
)
def test_a_skill_is_read_and_written(text: str, skill: SimulatedSkill) -> None:
    assert parse_skill(text) == skill
    assert parse_skill(str(skill)) == skill


@pytest.mark.parametrize(
    "text", ["", "well", "1.1", "-0.1", "nan", "0.8:", "0.8:x", "0.8:21", "0.8:nan", "0.8:1:2"]
)
def test_what_is_no_skill_is_refused(text: str) -> None:
    with pytest.raises(UsageFault, match=r"simulated:0\.8:0\.5"):
        parse_skill(text)
