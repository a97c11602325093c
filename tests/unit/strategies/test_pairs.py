"""The file's own pairs, in its order."""

import random

from kit.playing import Table, of_the_pair

from rrm_queue.domain import CandidateNumber, Pairing, Position
from rrm_queue.strategies import Finished, Pairings, named
from rrm_queue.strategies.base import History
from rrm_queue.strategies.pairs import Pairs
from rrm_queue.strategies.slices import SLICE


def numbered(*pairs: tuple[int, int]) -> tuple[tuple[CandidateNumber, CandidateNumber], ...]:
    return tuple((CandidateNumber(one), CandidateNumber(two)) for one, two in pairs)


def test_the_listed_pairs_are_judged_and_no_other() -> None:
    pairs = numbered((2, 0), (1, 3), (0, 1))
    table = Table(named("pairs", pairs=pairs), 5, 0, of_the_pair(1, draws=True))
    assert table.played(random.Random(1)) == Finished(places=None)
    assert [(p.first, p.second) for p in table.pairings.values()] == list(pairs)
    assert list(table.pairings) == [Position(1, slot) for slot in range(3)]
    assert Pairs(pairs).matches(5) == 3


def test_two_candidates_without_a_list_are_the_one_pair() -> None:
    only = Pairing(Position(1, 0), CandidateNumber(0), CandidateNumber(1))
    assert Pairs().plan(2, History(), seed=0) == Pairings((only,))
    assert Pairs().matches(2) == 1


def test_without_a_list_more_candidates_play_nothing() -> None:
    assert Pairs().matches(3) == 0
    assert Pairs().plan(3, History(), seed=0) == Finished(places=None)


def test_a_long_list_is_planned_a_slice_at_a_time() -> None:
    pairs = numbered(*((number, number + 1) for number in range(5000)))
    decision = Pairs(pairs).plan(5001, History(), seed=0)
    assert isinstance(decision, Pairings)
    assert len(decision.new) == SLICE
    later = Pairs(pairs).plan(5001, History(4999, 4999), seed=0)
    assert later == Pairings((Pairing(Position(1, 4999), *pairs[-1]),))
