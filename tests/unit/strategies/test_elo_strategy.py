"""Round robins: every pair once, in rounds without a repeat, planned in bounded slices."""

import random
from itertools import combinations, groupby

import pytest

from rrm_queue.domain import CandidateNumber, Pairing, Position
from rrm_queue.strategies import Finished, Pairings, named
from rrm_queue.strategies.base import History
from rrm_queue.strategies.elo import scheduled
from rrm_queue.strategies.slices import SLICE

pytestmark = pytest.mark.no_cover

SIZES = range(2, 131)
ELO = named("elo")


def pair(pairing: Pairing) -> tuple[int, int]:
    return min(pairing.first, pairing.second), max(pairing.first, pairing.second)


def test_every_pair_meets_exactly_once() -> None:
    for size in SIZES:
        pairings = [scheduled(size, index) for index in range(ELO.matches(size))]
        assert sorted(map(pair, pairings)) == list(combinations(range(size), 2))


def test_nobody_plays_twice_in_a_round_and_positions_count_up() -> None:
    for size in SIZES:
        pairings = [scheduled(size, index) for index in range(ELO.matches(size))]
        assert [p.position for p in pairings] == sorted({p.position for p in pairings})
        for number, of_round in groupby(pairings, key=lambda p: p.position.round):
            matches = list(of_round)
            assert [p.position for p in matches] == [Position(number, s) for s in range(size // 2)]
            assert len({c for p in matches for c in (p.first, p.second)}) == size // 2 * 2


@pytest.mark.parametrize("size", [*range(2, 131, 7), 46, 47, 91])
def test_played_in_any_order_all_pairs_are_decided_once_and_slices_stay_bounded(size: int) -> None:
    chance = random.Random(size)
    matches: dict[Position, Pairing] = {}
    undecided: list[Position] = []
    while True:
        history = History(len(matches), len(matches) - len(undecided))
        decision = ELO.plan(size, history, seed=1)
        assert ELO.plan(size, history, seed=1) == decision
        if isinstance(decision, Finished):
            break
        for pairing in decision.new:
            assert pairing.position not in matches
            matches[pairing.position] = pairing
            undecided.append(pairing.position)
        assert 0 < len(undecided) <= SLICE
        again = ELO.plan(size, History(len(matches), len(matches) - len(undecided)), seed=1)
        assert again == Pairings(())
        chance.shuffle(undecided)
        del undecided[: chance.randint(1, len(undecided))]
    assert decision.places is None
    assert sorted(map(pair, matches.values())) == list(combinations(range(size), 2))


@pytest.mark.parametrize(
    ("planned", "decided", "new"),
    [
        (0, 0, SLICE),
        (SLICE, 0, 0),
        (SLICE, SLICE // 2 - 1, 0),
        (SLICE, SLICE // 2, SLICE // 2),
        (SLICE, SLICE, SLICE),
        (1_998_000, 1_998_000, 1000),
        (1_999_000, 1_998_999, 0),
    ],
)
def test_two_thousand_candidates_are_planned_a_slice_at_a_time(
    planned: int, decided: int, new: int
) -> None:
    decision = ELO.plan(2000, History(planned, decided), seed=0)
    assert isinstance(decision, Pairings)
    assert len(decision.new) == new
    assert list(decision.new) == [scheduled(2000, planned + step) for step in range(new)]


def test_the_end_comes_with_the_last_decision_and_leaves_ranks_to_the_ratings() -> None:
    assert ELO.matches(2000) == 1_999_000
    assert ELO.plan(2000, History(1_999_000, 1_999_000), seed=0) == Finished(places=None)
    assert ELO.plan(1, History(), seed=0) == Finished(places=None)


def test_two_candidates_meet_once() -> None:
    only = Pairing(Position(1, 0), CandidateNumber(0), CandidateNumber(1))
    assert ELO.plan(2, History(), seed=0) == Pairings((only,))
    assert ELO.plan(2, History(1, 0), seed=0) == Pairings(())
