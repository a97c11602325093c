"""What holds for every strategy, whatever its number and its tournament's size."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.examples import examples
from kit.playing import Table, coin, of_the_pair

from rrm_queue.domain import CandidateNumber, Pairing
from rrm_queue.judging.orientation import Orientation
from rrm_queue.strategies import NAMES, Finished, named, stops_early
from rrm_queue.strategies.base import History

pytestmark = pytest.mark.no_cover

SIZES = range(1, 131)
DEAR = {"elo", "swiss:99", "pivot:99"}
"""Thousands of matches each; the round robin's schedule has tests of its own for every size."""

TEXTS = [
    *(*NAMES, "sampled:2", "sampled:5", "swiss:1", "swiss:99", "pivot:1", "pivot:99"),
    "adaptive:order",
]
WITHOUT_REMATCH = [t for t in TEXTS if t != "double-elimination" and not stops_early(t)]
"""A second bracket can bring the same two together again, and a strategy that asks once more."""


def in_circle(size: int) -> tuple[tuple[CandidateNumber, CandidateNumber], ...]:
    """A file's pairs for those that need them."""
    return tuple(
        (CandidateNumber(number), CandidateNumber(number + 1)) for number in range(size - 1)
    )


@pytest.mark.parametrize("text", TEXTS)
def test_any_size_ends_after_the_promised_matches(text: str) -> None:
    sizes = range(1, 40, 13) if stops_early(text) else SIZES[:: 13 if text in DEAR else 1]
    for size in sizes:
        chance = random.Random(size)
        strategy = named(text, pairs=in_circle(size))
        judge = coin(chance, draws=strategy.draws)
        table = Table(strategy, size, seed=size, judge=judge)
        end = table.played(chance)
        if text == "double-elimination":
            assert len(table.pairings) in {max(2 * size - 2, 0), strategy.matches(size)}
        elif stops_early(text):
            assert len(table.pairings) <= strategy.matches(size)
        else:
            assert len(table.pairings) == strategy.matches(size)
        if end.places is not None:
            assert sorted(end.places) == list(range(size))
            assert min(end.places.values()) == 1
        if text in WITHOUT_REMATCH:
            assert len(set(table.pairs())) == len(table.pairings)


@pytest.mark.parametrize("text", TEXTS)
@examples(0.25)  # a round robin of 70 is 2,415 matches, played twice
@given(size=st.integers(1, 70), seed=st.integers(0, 2**63 - 1), salt=st.integers())
def test_the_order_of_decisions_does_not_change_the_matches(
    text: str, size: int, seed: int, salt: int
) -> None:
    strategy = named(text, pairs=in_circle(size))
    judge = of_the_pair(salt, draws=strategy.draws)
    size = size % 8 + 1 if stops_early(text) else size  # each of its plans takes a while
    tables = [Table(strategy, size, seed, judge) for _ in range(2)]
    ends = [table.played(random.Random(salt + number)) for number, table in enumerate(tables)]
    assert tables[0].pairings == tables[1].pairings
    assert ends[0] == ends[1]


@pytest.mark.parametrize("text", TEXTS)
def test_nothing_is_played_with_one_candidate(text: str) -> None:
    strategy = named(text)
    assert strategy.matches(1) == 0
    end = strategy.plan(1, History(), seed=0)
    assert isinstance(end, Finished)
    assert end.places in (None, {CandidateNumber(0): 1})


def test_every_seed_draws_another_tournament_where_chance_has_a_part() -> None:
    for text in ("knockout", "sampled", "swiss", "double-elimination", "pivot"):
        openings = {named(text).plan(16, History(), seed).new for seed in range(20)}  # type: ignore[union-attr]
        assert len(openings) > 15


def imbalance(size: int, seed: int, pairings: list[Pairing]) -> int:
    """By how much slot-1 and slot-2 appearances differ, for the candidate where they do most."""
    orientation, lead = Orientation(size, seed), [0] * size
    for pairing in pairings:
        one = orientation.slot_one(pairing.first, pairing.second)
        for candidate in (pairing.first, pairing.second):
            lead[candidate] += 1 if candidate == one else -1
    return max(map(abs, lead))


@given(size=st.integers(2, 130), others=st.integers(2, 40), seed=st.integers(0, 2**63 - 1))
def test_sampled_candidates_stand_in_either_slot_equally_often(
    size: int, others: int, seed: int
) -> None:
    strategy = named(f"sampled:{others}")
    table = Table(strategy, size, seed, of_the_pair(seed))
    table.played(random.Random(seed))
    odd = len(next(iter(table.met().values()))) % 2
    assert imbalance(size, seed, list(table.pairings.values())) == odd


@given(size=st.integers(3, 130), count=st.integers(1, 6), seed=st.integers(0, 2**63 - 1))
def test_a_pivot_puts_nobody_more_off_balance_than_there_are_pivots(
    size: int, count: int, seed: int
) -> None:
    table = Table(named(f"pivot:{count}"), size, seed, of_the_pair(seed))
    table.played(random.Random(seed))
    assert imbalance(size, seed, list(table.pairings.values())) <= count
