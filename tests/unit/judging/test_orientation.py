from collections import Counter
from itertools import combinations, pairwise

import pytest

from rrm_queue.domain import CandidateNumber
from rrm_queue.judging.orientation import Orientation, swapped


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
def test_it_does_not_matter_who_is_named_first(size: int) -> None:
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


def test_votes_alternate_between_the_orders() -> None:
    assert [swapped(number) for number in range(1, 6)] == [False, True, False, True, False]
