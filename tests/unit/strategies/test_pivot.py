"""Pivots: a ring, then its best meet everybody that they have not met."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.playing import Table, coin

from rrm_queue.domain import CandidateNumber, Outcome, Position
from rrm_queue.strategies import Pairings, named
from rrm_queue.strategies.circle import circle
from rrm_queue.strategies.pivot import Pivot, best

pytestmark = pytest.mark.no_cover


@given(
    size=st.integers(3, 130),
    count=st.integers(1, 50),
    seed=st.integers(0, 2**63 - 1),
    chance=st.randoms(),
)
def test_pivots_meet_everybody_and_the_others_their_neighbours_and_the_pivots(
    size: int, count: int, seed: int, chance: random.Random
) -> None:
    strategy = Pivot(count)
    table = Table(strategy, size, seed, coin(chance, draws=True))
    table.played(chance)
    places = circle(size, seed)
    pivots = {places[place] for place in best(places, table.outcomes, strategy.chosen(size))}
    assert len(pivots) == min(count, size // 3)
    met = table.met()
    for place, candidate in enumerate(places):
        others = {*range(size)} - {candidate}
        beside = {places[place - 1], places[(place + 1) % size]} - {candidate}
        assert met[candidate] == (others if candidate in pivots else beside | pivots)


@given(size=st.integers(3, 60), seed=st.integers(0, 2**63 - 1), chance=st.randoms())
def test_no_pivot_is_known_before_the_ring_is_decided(
    size: int, seed: int, chance: random.Random
) -> None:
    table = Table(named("pivot"), size, seed, coin(chance))
    for _ in range(size):
        decision = table.plan()
        assert isinstance(decision, Pairings)
        table.insert(decision)
        assert {position.round for position in table.pairings} == {1}
        table.decide(chance.choice(table.waiting))


def test_the_pivots_are_the_best_of_the_ring() -> None:
    # Places 1 and 4 won twice; 0 and 2 lost to 1, 3 and 5 to 4: 0 and 5, and 2 and 3, met too.
    winners = [1, 1, 2, 4, 4, 0]
    matches = {
        Position(1, place): Outcome(CandidateNumber(winner)) for place, winner in enumerate(winners)
    }
    places = [CandidateNumber(number) for number in range(6)]
    assert best(places, matches, 2) == [1, 4]


@pytest.mark.parametrize(
    ("size", "count", "matches"),
    [(2, 3, 1), (3, 3, 3), (4, 1, 5), (9, 3, 9 + 12 + 3), (64, 3, 64 + 183 + 3 - 6)],
)
def test_the_number_of_matches(size: int, count: int, matches: int) -> None:
    assert Pivot(count).matches(size) == matches


def test_three_pivots_by_default() -> None:
    assert named("pivot") == named("pivot:3")
