"""Sampled tournaments: everybody meets as many others as everybody else, and all hang together."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.playing import Table, of_the_pair

from rrm_queue.strategies import Pairings, named
from rrm_queue.strategies.base import History
from rrm_queue.strategies.sampled import Sampled, distances, scheduled
from rrm_queue.strategies.slices import SLICE

SEEDS = st.integers(0, 2**63 - 1)


def schedule(size: int, others: int, seed: int) -> Table:
    strategy = Sampled(others)
    table = Table(strategy, size, seed, of_the_pair(0))
    met = strategy.met(size)
    pairings = (scheduled(size, met, seed, index) for index in range(strategy.matches(size)))
    table.insert(Pairings(tuple(pairings)))
    return table


@given(size=st.integers(2, 130), others=st.integers(2, 140), seed=SEEDS)
def test_everybody_meets_as_many_others(size: int, others: int, seed: int) -> None:
    table = schedule(size, others, seed)
    wanted = min(others, size - 1)
    odd = wanted % 2 == 1 and size % 2 == 1
    assert {len(met) for met in table.met().values()} == {wanted + odd}
    assert len(set(table.pairs())) == len(table.pairings)


@given(size=st.integers(2, 130), others=st.integers(2, 12), seed=SEEDS)
def test_all_candidates_can_be_compared(size: int, others: int, seed: int) -> None:
    met = schedule(size, others, seed).met()
    reached, frontier = {0}, [0]
    while frontier:
        new = met[frontier.pop()] - reached
        reached |= new
        frontier += new
    assert reached == set(range(size))


@pytest.mark.parametrize(
    ("size", "others", "matches"),
    [(2, 8, 1), (8, 8, 28), (9, 8, 36), (10, 8, 40), (10, 3, 15), (9, 3, 18), (2000, 8, 8000)],
)
def test_the_number_of_matches(size: int, others: int, matches: int) -> None:
    assert named(f"sampled:{others}").matches(size) == matches


def test_eight_others_by_default() -> None:
    assert named("sampled") == named("sampled:8")


def test_distances_are_distinct_and_within_half_the_circle() -> None:
    for size in range(4, 131):
        for count in range(1, (size - 1) // 2 + 1):
            drawn = distances(size, count, seed=size)
            assert drawn[0] == 1
            assert len(set(drawn)) == count
            assert max(drawn) <= (size - 1) // 2


def test_two_thousand_candidates_are_planned_a_slice_at_a_time() -> None:
    decision = named("sampled").plan(2000, History(), seed=3)
    assert isinstance(decision, Pairings)
    assert list(decision.new) == [scheduled(2000, 8, 3, index) for index in range(SLICE)]
    assert named("sampled").plan(2000, History(SLICE, SLICE // 2 - 1), seed=3) == Pairings(())


def test_matches_of_one_place_follow_each_other_as_they_share_an_answer() -> None:
    table = schedule(50, 8, seed=random.Random(1).getrandbits(60))
    firsts = [pairing.first for pairing in table.pairings.values()]
    assert sum(one != two for one, two in pairwise(firsts)) == 49
