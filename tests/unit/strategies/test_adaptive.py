"""`adaptive`: what it asks for, when it stops, and what its posterior says."""

import random
from math import exp

import numpy as np
import pytest
from kit.playing import Judge, Table

from rrm_queue.domain import CandidateNumber, DecidedBy, Outcome, Pairing, Position
from rrm_queue.errors import UsageFault
from rrm_queue.strategies import Finished, Pairings, limited, named
from rrm_queue.strategies.adaptive import CONFIDENCE, Adaptive, Goal
from rrm_queue.strategies.adaptive_posterior import Asked, posterior, with_waiting
from rrm_queue.strategies.adaptive_rounds import in_flight, round_length
from rrm_queue.strategies.adaptive_rule import Best, Ordering
from rrm_queue.strategies.base import History

pytestmark = pytest.mark.no_cover


def noisy(strengths: list[float], chance: random.Random) -> Judge:
    def judge(pairing: Pairing) -> CandidateNumber:
        gap = strengths[pairing.first] - strengths[pairing.second]
        return pairing.first if chance.random() * (1 + exp(-gap)) < 1 else pairing.second

    return judge


def numbers(size: int) -> list[float]:
    """Strengths that grow with the candidate's number."""
    return [1.5 * number for number in range(size)]


def test_as_many_matches_are_out_as_half_of_the_candidates() -> None:
    for size in (2, 3, 8, 9, 40):
        table = Table(Adaptive(), size, 3, noisy(numbers(size), random.Random(size)))
        while isinstance(decision := table.plan(), Pairings):
            table.insert(decision)
            assert len(table.waiting) <= in_flight(size) + round_length(size) - 1
            table.decide(min(table.waiting))


def test_a_late_result_holds_up_only_what_is_far_behind_it() -> None:
    table = Table(Adaptive(), 16, 3, noisy(numbers(16), random.Random(0)))
    opening = table.plan()
    assert isinstance(opening, Pairings)
    table.insert(opening)
    late = min(table.waiting)
    assert len(table.waiting) == in_flight(16)
    while table.waiting != [late]:
        table.decide(max(table.waiting))
        decision = table.plan()
        assert isinstance(decision, Pairings)
        table.insert(decision)
    assert len(table.pairings) == in_flight(16)  # the next round waits for the first match
    table.decide(late)
    following = table.plan()
    assert isinstance(following, Pairings)
    assert len(following.new) == in_flight(16)


def test_the_opening_pairs_everybody_once() -> None:
    opening = Adaptive().plan(16, History(), seed=4)
    assert isinstance(opening, Pairings)
    assert sorted(c for p in opening.new for c in (p.first, p.second)) == list(range(16))
    openings = {str(Adaptive().plan(16, History(), seed)) for seed in range(20)}
    assert len(openings) > 15


def test_clear_answers_settle_the_best_long_before_the_budget() -> None:
    for size in (4, 8, 16):
        judge: Judge = lambda pairing: max(pairing.first, pairing.second)  # noqa: E731
        table = Table(Adaptive(), size, 1, judge)
        end = table.played(random.Random(size))
        assert end.places is not None
        assert end.places[CandidateNumber(size - 1)] == 1
        assert len(table.pairings) < 0.8 * table.strategy.matches(size)


def test_a_higher_confidence_asks_for_more() -> None:
    played = []
    for confidence in (0.6, 0.9, 0.999):
        strategy = Adaptive(confidence=confidence, most=200)
        table = Table(strategy, 8, 2, noisy(numbers(8), random.Random(5)))
        table.played(random.Random(1))
        played.append(len(table.pairings))
    assert played[0] < played[1] < played[2]


def test_equals_take_the_budget_and_no_more() -> None:
    table = Table(Adaptive(most=30), 6, 1, noisy([0.0] * 6, random.Random(1)))
    table.played(random.Random(2))
    assert len(table.pairings) == 30


def test_the_best_is_sought_among_the_good_and_the_order_among_all() -> None:
    met: dict[Goal, list[int]] = {}
    for goal in Goal:
        table = Table(Adaptive(goal, 0.9999, 120), 20, 1, noisy(numbers(20), random.Random(1)))
        table.played(random.Random(2))
        met[goal] = [c for p in table.pairings.values() for c in (p.first, p.second)]
    lower_half = {goal: sum(candidate < 10 for candidate in met[goal]) for goal in Goal}
    assert lower_half[Goal.BEST] < 0.5 * lower_half[Goal.ORDER]


def test_a_pair_that_meets_again_counts_its_meetings() -> None:
    table = Table(Adaptive(confidence=0.999), 2, 1, noisy([0.0, 0.5], random.Random(1)))
    table.played(random.Random(1))
    assert [p.meeting for p in table.pairings.values()] == list(range(1, 13))
    shown = [table.in_slots(p) for p in table.pairings.values()]
    assert shown[::2] == [shown[0]] * 6
    assert shown[1::2] == [shown[0][::-1]] * 6


def test_answers_with_the_same_text_are_not_asked_about_again() -> None:
    pairs = {Position(1, 0): (CandidateNumber(0), CandidateNumber(1))}
    matches: dict[Position, Outcome | None] = {Position(1, 0): Outcome(None, DecidedBy.EQUAL)}
    end = Adaptive().plan(2, History(1, 1, matches, pairs), seed=1)
    assert end == Finished({CandidateNumber(0): 1, CandidateNumber(1): 1})


def test_the_posterior_is_that_of_a_grid() -> None:
    """Two candidates: the difference of their strengths by brute force, without Laplace."""
    asked = [Asked(0, 1, 1.0), Asked(0, 1, 1.0), Asked(1, 0, 0.0), Asked(0, 1, 0.0)]
    state = posterior(2, asked)
    gap, bias = np.meshgrid(np.linspace(-12, 12, 1201), np.linspace(-5, 5, 401))
    weight = np.exp(-(gap**2) / (4 * 2.0**2) - bias**2 / 2)
    for first, _, score in (match[:3] for match in asked):
        ahead = (gap if first == 0 else -gap) + bias
        chance = 1 / (1 + np.exp(-ahead))
        weight *= chance if score else 1 - chance
    mean = float((weight * gap).sum() / weight.sum())
    variance = float((weight * (gap - mean) ** 2).sum() / weight.sum())
    assert state.means[0] - state.means[1] == pytest.approx(mean, abs=0.3)
    assert state.variances()[0, 1] == pytest.approx(variance, rel=0.3)


def test_a_slot_that_always_wins_tells_nothing_of_the_candidates() -> None:
    always_first = [Asked(0, 1, 1.0), Asked(1, 0, 1.0)] * 10
    state = posterior(2, always_first)
    assert state.means[0] == pytest.approx(state.means[1], abs=1e-6)
    one_way = posterior(2, [Asked(0, 1, 1.0)] * 20)
    both_ways = posterior(2, [Asked(0, 1, 1.0), Asked(1, 0, 0.0)] * 10)
    assert one_way.means[0] < both_ways.means[0]


def test_what_is_waited_for_does_not_depend_on_who_is_shown_first() -> None:
    decided = [Asked(0, 1, 1.0), Asked(2, 3, 0.0), Asked(1, 2, 1.0)]
    one = posterior(4, [*decided, Asked(0, 3, None)])
    other = posterior(4, [*decided, Asked(3, 0, None)])
    assert (one.covariance == other.covariance).all()
    added = with_waiting(posterior(4, decided), 0, 3)
    assert np.allclose(added.variances(), one.variances(), rtol=0.2)


def test_the_confidence_grows_with_the_evidence() -> None:
    for rule in (Best(), Ordering()):
        sure = [
            rule.confidence(posterior(3, [Asked(0, 1, 1.0), Asked(1, 2, 1.0)] * times))
            for times in (0, 1, 5, 25)
        ]
        assert sure == sorted(sure)
        assert sure[0] < 0.7
        assert sure[-1] > CONFIDENCE


@pytest.mark.parametrize(
    ("text", "strategy"),
    [
        ("adaptive", Adaptive()),
        ("adaptive:best", Adaptive()),
        ("adaptive:order", Adaptive(Goal.ORDER)),
        ("adaptive:confidence=0.8", Adaptive(confidence=0.8)),
        ("adaptive:order,confidence=0.99,matches=60", Adaptive(Goal.ORDER, 0.99, 60)),
    ],
)
def test_settings_follow_the_name(text: str, strategy: Adaptive) -> None:
    assert named(text) == strategy


@pytest.mark.parametrize(
    "text",
    [
        *("adaptive:", "adaptive:3", "adaptive:worst", "adaptive:best,", "adaptive:matches=0"),
        *("adaptive:best,order", "adaptive:matches=1000000", "adaptive:best,matches=\u0663"),
    ],
)
def test_other_settings_are_answered_with_how_to_write_them(text: str) -> None:
    with pytest.raises(UsageFault, match="write adaptive:best or adaptive:order"):
        named(text)


@pytest.mark.parametrize("confidence", [0.5, 1.0, 1.5, -1.0, float("nan")])
def test_an_impossible_confidence_is_refused(confidence: float) -> None:
    with pytest.raises(UsageFault, match=r"above 0.5 and below 1"):
        limited("adaptive", confidence, None)


def test_limits_become_part_of_the_strategys_text() -> None:
    assert limited("adaptive", None, None) == "adaptive"
    assert limited("adaptive", 0.9, None) == "adaptive:best,confidence=0.9"
    assert limited("adaptive:order", None, 60) == "adaptive:order,matches=60"
    assert limited("adaptive:matches=5", 0.99, 60) == "adaptive:best,confidence=0.99,matches=60"
    with pytest.raises(UsageFault, match="not for knockout"):
        limited("knockout", 0.9, None)
