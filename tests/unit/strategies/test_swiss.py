"""Swiss tournaments: rounds among equals, byes for odd sizes, never a rematch."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.examples import examples
from kit.playing import Table, coin, of_the_pair

from rrm_queue.domain import CandidateNumber, Pairing, Position
from rrm_queue.strategies import Pairings, named
from rrm_queue.strategies.base import History
from rrm_queue.strategies.swiss import Swiss, paired

pytestmark = pytest.mark.no_cover

SEEDS = st.integers(0, 2**63 - 1)


@examples(0.25)
@given(size=st.integers(2, 130), rounds=st.integers(1, 70), seed=SEEDS, chance=st.randoms())
def test_a_round_starts_when_the_one_before_it_is_decided(
    size: int, rounds: int, seed: int, chance: random.Random
) -> None:
    table = Table(Swiss(rounds), size, seed, coin(chance, draws=True))
    table.played(chance)
    per_round = Counter(position.round for position in table.pairings)
    expected = min(rounds, (size + 1) // 2)
    assert per_round == dict.fromkeys(range(1, expected + 1), size // 2)
    for number in range(1, expected + 1):
        of_round = [p for p in table.pairings.values() if p.position.round == number]
        assert sorted(p.position.slot for p in of_round) == list(range(size // 2))
        assert len({c for p in of_round for c in (p.first, p.second)}) == size // 2 * 2
    assert len(set(table.pairs())) == len(table.pairings)


@examples(0.25)
@given(half=st.integers(1, 60), rounds=st.integers(1, 61), seed=SEEDS, chance=st.randoms())
def test_of_an_odd_number_one_sits_out_and_nobody_twice(
    half: int, rounds: int, seed: int, chance: random.Random
) -> None:
    size = 2 * half + 1
    table = Table(Swiss(rounds), size, seed, coin(chance))
    table.played(chance)
    played = [len(met) for met in table.met().values()]
    total = Swiss(rounds).played(size)
    assert sorted(played) == [total - 1] * total + [total] * (size - total)


def test_by_default_one_round_more_than_a_knockout_has() -> None:
    rounds = {size: Swiss().played(size) for size in (1, 2, 3, 4, 5, 8, 9, 16, 17, 64, 300)}
    assert rounds == {1: 1, 2: 1, 3: 2, 4: 2, 5: 3, 8: 4, 9: 5, 16: 5, 17: 6, 64: 7, 300: 10}
    assert named("swiss:3").matches(9) == 12


@examples(0.25)
@given(size=st.sampled_from([16, 32, 64, 128]), seed=SEEDS)
def test_equals_meet(size: int, seed: int) -> None:
    """Winners of the first round meet winners; later nobody meets one who is two wins away."""
    table = Table(Swiss(3), size, seed, of_the_pair(seed))
    table.played(random.Random(seed))
    wins = Counter[int]()
    for number in (1, 2, 3):
        of_round = [p for p in table.pairings.values() if p.position.round == number]
        apart = [abs(wins[p.first] - wins[p.second]) for p in of_round]
        assert max(apart) <= (number == 3)
        assert 8 * sum(apart) <= size
        for pairing in of_round:
            outcome = table.outcomes[pairing.position]
            assert outcome is not None
            assert outcome.winner is not None
            wins[outcome.winner] += 1


def test_the_best_so_far_meet_at_the_first_table() -> None:
    table = Table(Swiss(), 64, 5, lambda pairing: min(pairing.first, pairing.second))
    table.played(random.Random(0))
    last = table.pairings[Position(6, 0)]  # the round after which one alone has won everything
    assert 0 in (last.first, last.second)


@examples(0.25)
@given(half=st.integers(1, 40), data=st.data())
def test_whoever_has_half_the_table_left_finds_somebody_new(half: int, data: st.DataObject) -> None:
    """Rounds of any history whatever, so that greedy pairing gets stuck as often as it can."""
    size = 2 * half
    met: list[set[int]] = [set() for _ in range(size)]
    for _ in range(half):
        table = data.draw(st.permutations(range(size)))
        pairs = paired(table, met)
        assert sorted(c for pair in pairs for c in pair) == list(range(size))
        places = {candidate: place for place, candidate in enumerate(table)}
        for upper, lower in pairs:
            assert places[upper] < places[lower]
            assert lower not in met[upper]
            met[upper].add(lower)
            met[lower].add(upper)


def test_two_that_are_left_over_split_up_the_pair_that_costs_least() -> None:
    # 4 and 5 have met; 2 and 3 are their neighbours, and open to both.
    met: list[set[int]] = [set(), set(), set(), set(), {5}, {4}]
    assert paired(range(6), met) == [(0, 1), (2, 4), (3, 5)]


def test_three_candidates_and_a_bye() -> None:
    strategy = Swiss()
    opening = strategy.plan(3, History(), seed=0)
    assert isinstance(opening, Pairings)
    (only,) = opening.new
    table = Table(strategy, 3, 0, lambda pairing: pairing.first)
    table.played(random.Random(0))
    absent = ({0, 1, 2} - {only.first, only.second}).pop()
    # The bye counts as a win: who had it and who won meet, the loser sits out.
    assert table.pairings[Position(2, 0)] in (
        Pairing(Position(2, 0), only.first, CandidateNumber(absent)),
        Pairing(Position(2, 0), CandidateNumber(absent), only.first),
    )
