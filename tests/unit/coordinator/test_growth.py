"""A tournament that gathers has all pairs of what has come, whatever comes in whatever order."""

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.actions.rewards.asked import distinct, places_of
from rrm_queue.coordinator.growth import growth, may_gather
from rrm_queue.domain import Candidate, CandidateNumber, Pairing
from rrm_queue.strategies import Finished, Pairings, named
from rrm_queue.strategies.base import History
from rrm_queue.strategies.slices import SLICE


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[str], list[list[int]]]:
    """The texts of a group by place, some equal, and the places in the order they arrive in."""
    texts = draw(st.lists(st.sampled_from("abcdefghij"), min_size=2, max_size=12))
    order = draw(st.permutations(range(len(texts))))
    cuts = sorted(draw(st.sets(st.integers(1, len(texts) - 1))))
    edges = [0, *cuts, len(texts)]
    return texts, [list(order[a:b]) for a, b in pairwise(edges)]


def gathered(
    texts: list[str], parts: list[list[int]], seed: int
) -> tuple[list[Candidate], list[Pairing]]:
    """The candidates and all matches of a group that came in these parts."""
    there: list[Candidate] = []
    pairings: list[Pairing] = []
    come: list[int] = []
    for part in parts:
        come += part
        answers = distinct((place, Candidate("", texts[place])) for place in sorted(come))
        grown = growth(there, answers, len(texts), seed)
        keys = dict(grown.renamed)
        there = [
            Candidate(keys.get(CandidateNumber(number), one.key), one.text)
            for number, one in enumerate(there)
        ] + list(grown.new)
        pairings += grown.pairings
    return there, pairings


@given(arrivals(), st.integers(0, 5))
def test_every_pair_of_texts_meets_once_and_every_place_is_named(
    arrived: tuple[list[str], list[list[int]]], seed: int
) -> None:
    texts, parts = arrived
    there, pairings = gathered(texts, parts, seed)
    assert sorted(one.text for one in there) == sorted(set(texts))
    places = places_of([one.key for one in there])
    assert [there[number].text for number in places.values()] == texts
    met = [(min(p.first, p.second), max(p.first, p.second)) for p in pairings]
    assert sorted(met) == list(combinations(range(len(there)), 2))
    positions = [p.position for p in pairings]
    assert positions == sorted(set(positions))  # new matches have later places: see `floors`


@given(arrivals(), st.integers(0, 5))
def test_the_strategy_has_nothing_to_add_to_it(
    arrived: tuple[list[str], list[list[int]]], seed: int
) -> None:
    there, pairings = gathered(*arrived, seed)
    total = len(pairings)
    for decided in range(total):
        assert named("elo").plan(len(there), History(total, decided), seed) == Pairings(())
    assert named("elo").plan(len(there), History(total, total), seed) == Finished(None)


@given(st.permutations(range(9)), st.permutations(range(9)), st.integers(0, 5))
def test_slots_do_not_depend_on_the_order_of_arrival(
    one: list[int], other: list[int], seed: int
) -> None:
    texts = [f"answer {place}" for place in range(9)]

    def slots(order: list[int]) -> set[tuple[str, str]]:
        there, pairings = gathered(texts, [[place] for place in order], seed)
        return {(there[p.first].text, there[p.second].text) for p in pairings}

    found = slots(one)
    assert found == slots(other)
    firsts = [first for first, _ in found]
    assert {firsts.count(text) for text in texts} == {4}  # each is shown first as often


def test_which_groups_are_judged_before_they_are_whole() -> None:
    assert may_gather("elo", 8)
    assert not may_gather("sampled:4", 8)
    assert not may_gather("knockout", 8)
    assert may_gather("elo", 45)
    assert SLICE < 46 * 45 // 2
    assert not may_gather("elo", 46)
