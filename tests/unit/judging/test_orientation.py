from collections import Counter
from itertools import combinations, pairwise

import pytest

from rrm_queue.domain import CandidateNumber, Order
from rrm_queue.judging.orientation import Orientation, swapped
from rrm_queue.messages import Answer


def times_first(size: int, seed: int) -> Counter[int]:
    orientation = Orientation(size, seed)
    pairs = combinations(map(CandidateNumber, range(size)), 2)
    return Counter(orientation.slot_one(first, second) for first, second in pairs)


@pytest.mark.parametrize("size", range(2, 131))
def test_every_candidate_is_shown_first_equally_often_to_within_one(size: int) -> None:
    times = times_first(size, seed=size)
    assert sum(times.values()) == size * (size - 1) // 2
    assert {times[number] for number in range(size)} <= {(size - 1) // 2, size // 2}


@pytest.mark.parametrize("size", [2, 3, 8, 31, 32])
def test_slot_one_does_not_depend_on_the_order_of_the_pair(size: int) -> None:
    orientation = Orientation(size, seed=7)
    for first, second in combinations(map(CandidateNumber, range(size)), 2):
        one = orientation.slot_one(first, second)
        assert one in {first, second}
        assert one == orientation.slot_one(second, first)


def test_the_seed_alone_relabels() -> None:
    pairs = [(CandidateNumber(a), CandidateNumber(b)) for a, b in pairwise(range(64))]

    def oriented(seed: int) -> list[CandidateNumber]:
        orientation = Orientation(64, seed)
        return [orientation.slot_one(*pair) for pair in pairs]

    assert oriented(1) == oriented(1)
    assert oriented(1) != oriented(2)


LOW, HIGH = Answer(2, "c2", "low"), Answer(7, "c7", "high")


def turns(
    order: Order, first: Answer, second: Answer, *, seed: int = 1, votes: int = 5
) -> list[bool]:
    return [
        swapped(order, number, first, second, seed=seed, prompt="p")
        for number in range(1, votes + 1)
    ]


@pytest.mark.parametrize("order", [Order.BALANCED, Order.BOTH])
def test_votes_alternate_between_the_orders(order: Order) -> None:
    assert turns(order, HIGH, LOW) == [False, True, False, True, False]


def test_the_fixed_order_shows_the_files_first_in_every_vote() -> None:
    assert turns(Order.FIXED, LOW, HIGH) == [False] * 5
    assert turns(Order.FIXED, HIGH, LOW) == [True] * 5


def test_a_random_order_is_fair_and_does_not_depend_on_the_order_of_the_pair() -> None:
    named, turned = (turns(Order.RANDOM, *pair, votes=4000) for pair in ((LOW, HIGH), (HIGH, LOW)))
    assert named == [not other for other in turned]
    assert 1850 < sum(named) < 2150
    assert named != turns(Order.RANDOM, LOW, HIGH, seed=2, votes=4000)
