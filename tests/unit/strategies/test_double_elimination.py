"""Double eliminations of every size: two losses and out, without barriers, few rematches."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.examples import examples
from kit.playing import Table, coin, of_the_pair

from rrm_queue.domain import CandidateNumber, Outcome, Position, Seeding
from rrm_queue.strategies import Finished, Pairings, named
from rrm_queue.strategies.base import History
from rrm_queue.strategies.bracket import leaves
from rrm_queue.strategies.double_elimination import NOBODY, DoubleElimination, masks, meetings

pytestmark = pytest.mark.no_cover

SEEDS = st.integers(0, 2**63 - 1)


def losses(table: Table) -> Counter[int]:
    counted: Counter[int] = Counter(dict.fromkeys(range(table.size), 0))
    for position, pairing in table.pairings.items():
        outcome = table.outcomes[position]
        assert outcome is not None
        counted[pairing.second if outcome.winner == pairing.first else pairing.first] += 1
    return counted


@pytest.mark.parametrize("seeding", Seeding)
def test_all_but_the_champion_lose_twice_and_the_champion_once_at_most(seeding: Seeding) -> None:
    for size in range(2, 131):
        chance = random.Random(size)
        table = Table(DoubleElimination(seeding), size, size, coin(chance))
        places = table.played(chance).places
        assert places is not None
        (champion,) = (candidate for candidate, place in places.items() if place == 1)
        lost = losses(table)
        assert lost[champion] <= 1
        assert len(table.pairings) == 2 * size - 2 + lost[champion]
        assert {lost[other] for other in range(size) if other != champion} == {2}


def test_a_place_is_one_more_than_the_number_of_those_who_got_further() -> None:
    for size in range(2, 131, 3):
        chance = random.Random(-size)
        table = Table(DoubleElimination(), size, 1, coin(chance))
        places = table.played(chance).places
        assert places is not None
        last: dict[int, int] = {}
        for pairing in table.pairings.values():
            for candidate in (pairing.first, pairing.second):
                last[candidate] = max(last.get(candidate, 0), pairing.position.round)
        (champion,) = (candidate for candidate, place in places.items() if place == 1)
        last[champion] += 1
        for candidate, place in places.items():
            assert place == 1 + sum(turn > last[candidate] for turn in last.values())


def test_places_of_a_full_bracket_are_1_2_3_4_5_5_7_7() -> None:
    table = Table(
        DoubleElimination(Seeding.GIVEN), 8, 0, lambda pairing: min(pairing.first, pairing.second)
    )
    end = table.played(random.Random(0))
    assert end.places is not None
    assert sorted(end.places.values()) == [1, 2, 3, 4, 5, 5, 7, 7]
    assert end.places[CandidateNumber(0)] == 1
    assert end.places[CandidateNumber(1)] == 2  # lost to the champion twice, nobody else
    assert len(table.pairings) == 14


def test_who_has_not_lost_before_the_final_may_lose_it_once() -> None:
    first, second = CandidateNumber(0), CandidateNumber(1)
    strategy = DoubleElimination(Seeding.GIVEN)
    matches = {Position(1, 0): Outcome(first), Position(2, 0): Outcome(second)}
    again = strategy.plan(2, History(2, 2, matches), seed=0)
    assert isinstance(again, Pairings)
    assert [pairing.position for pairing in again.new] == [Position(3, 0)]
    for winner, loser in ((first, second), (second, first)):
        ended = {**matches, Position(3, 0): Outcome(winner)}
        assert strategy.plan(2, History(3, 3, ended), seed=0) == Finished({winner: 1, loser: 2})
    unbeaten = {Position(1, 0): Outcome(first), Position(2, 0): Outcome(first)}
    assert strategy.plan(2, History(2, 2, unbeaten), seed=0) == Finished({first: 1, second: 2})


@examples(0.25)
@given(size=st.integers(2, 130), seed=SEEDS, salt=st.integers())
def test_the_winners_bracket_is_the_knockout_of_the_same_seed(
    size: int, seed: int, salt: int
) -> None:
    tables = [
        Table(named(name), size, seed, of_the_pair(salt))
        for name in ("knockout", "double-elimination")
    ]
    for table in tables:
        table.played(random.Random(salt))
    knockout, double = tables
    rounds = (size - 1).bit_length()
    upper = {at: p for at, p in double.pairings.items() if at.round <= rounds}
    assert upper == knockout.pairings
    assert max(at.round for at in double.pairings) <= 3 * rounds


@examples(0.25)
@given(size=st.integers(2, 130), seed=SEEDS, chance=st.randoms())
def test_every_match_whose_entrants_are_known_is_planned_at_once(
    size: int, seed: int, chance: random.Random
) -> None:
    table = Table(DoubleElimination(), size, seed, coin(chance))
    line = leaves(size, seed, Seeding.RANDOM)
    while isinstance(decision := table.plan(), Pairings):
        table.insert(decision)
        known = {
            meeting.position
            for meeting in meetings(line, table.outcomes)
            if meeting.first not in (None, NOBODY) and meeting.second not in (None, NOBODY)
        }
        assert known == set(table.pairings)
        table.decide(chance.choice(table.waiting))


@pytest.mark.parametrize(
    ("size", "before"), [(4, 4), (8, 6), (16, 8), (32, 10), (64, 13), (128, 15), (100, 15)]
)
def test_nobody_meets_again_before_the_last_rounds(size: int, before: int) -> None:
    for seed in range(20):
        chance = random.Random(seed)
        table = Table(DoubleElimination(), size, seed, coin(chance))
        table.played(chance)
        early = [
            frozenset((p.first, p.second))
            for p in table.pairings.values()
            if p.position.round < before
        ]
        assert len(set(early)) == len(early)


def test_those_who_fall_out_are_crossed_over() -> None:
    assert masks(1) == ()
    assert masks(2) == (0,)
    assert masks(3) == (1, 0)
    assert masks(5) == (7, 1, 0, 0)
    assert all(len(masks(rounds)) == rounds - 1 for rounds in range(1, 12))


def test_a_draw_is_refused_since_nobody_could_go_on() -> None:
    history = History(1, 1, {Position(1, 0): Outcome(None)})
    with pytest.raises(ValueError, match="without one of its entrants as winner"):
        named("double-elimination").plan(2, history, seed=0)


def test_given_seeding_lets_neighbours_meet() -> None:
    opening = named("double-elimination", seeding=Seeding.GIVEN).plan(4, History(), seed=9)
    assert isinstance(opening, Pairings)
    assert [(p.first, p.second) for p in opening.new] == [(0, 1), (2, 3)]
