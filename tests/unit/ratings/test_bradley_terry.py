"""Bradley-Terry: finite on any results, blind to order and names, in line with scores."""

import math
import random
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.domain import CandidateNumber, Result
from rrm_queue.ratings.bradley_terry import bradley_terry
from rrm_queue.ratings.columns import Columns

TOLERANCE = 1e-3
"""Points by which ratings of the same results may differ through the iteration's end."""


@st.composite
def tournaments(draw: st.DrawFn) -> tuple[int, list[Result]]:
    size = draw(st.integers(2, 12))
    number = st.integers(0, size - 1).map(CandidateNumber)
    pairs = draw(st.lists(st.tuples(number, number).filter(lambda p: p[0] != p[1]), max_size=60))
    return size, [Result(*pair, draw(st.sampled_from((*pair, None)))) for pair in pairs]


@st.composite
def round_robins(draw: st.DrawFn) -> tuple[int, list[Result]]:
    size = draw(st.integers(2, 16))
    pairs = [(CandidateNumber(a), CandidateNumber(b)) for a, b in combinations(range(size), 2)]
    return size, [Result(a, b, draw(st.sampled_from((a, b, None)))) for a, b in pairs]


def ratings(size: int, results: list[Result]) -> list[float]:
    return [float(points) for points in bradley_terry(Columns.of(size, results))]


def renamed(results: list[Result], names: list[int]) -> list[Result]:
    def name(candidate: CandidateNumber) -> CandidateNumber:
        return CandidateNumber(names[candidate])

    return [
        Result(name(r.first), name(r.second), None if r.winner is None else name(r.winner))
        for r in results
    ]


@given(tournament=tournaments(), chance=st.randoms())
def test_reordered_matches_and_sides_change_nothing(
    tournament: tuple[int, list[Result]], chance: random.Random
) -> None:
    size, results = tournament
    mixed = [
        Result(r.second, r.first, r.winner) if chance.random() < 0.5 else r
        for r in chance.sample(results, len(results))
    ]
    assert ratings(size, mixed) == ratings(size, results)


@given(tournament=tournaments(), chance=st.randoms())
def test_renamed_candidates_keep_their_ratings(
    tournament: tuple[int, list[Result]], chance: random.Random
) -> None:
    size, results = tournament
    names = chance.sample(range(size), size)
    before, after = ratings(size, results), ratings(size, renamed(results, names))
    assert [after[name] for name in names] == pytest.approx(before, abs=TOLERANCE)


@given(tournament=tournaments())
def test_they_solve_the_equations_of_newmans_prior(tournament: tuple[int, list[Result]]) -> None:
    """Each candidate's score, prior games included, is what its rating expects (JMLR 24, 2023)."""
    size, results = tournament
    logits = (np.array(ratings(size, results)) - 1000) * math.log(10) / 400
    # The fictitious opponent stands where half of all prior games are lost to it.
    low, high = logits.min() - 1, logits.max() + 1
    for _ in range(60):
        middle = (low + high) / 2
        below = (1 / (1 + np.exp(middle - logits))).sum() < size / 2
        low, high = (low, middle) if below else (middle, high)
    surplus = 1 - 2 / (1 + np.exp(low - logits))
    for result in results:
        expected = 1 / (1 + math.exp(logits[result.second] - logits[result.first]))
        won = 0.5 if result.winner is None else float(result.winner == result.first)
        surplus[result.first] += won - expected
        surplus[result.second] -= won - expected
    assert surplus == pytest.approx(np.zeros(size), abs=1e-4)


@given(tournament=round_robins())
def test_in_a_complete_round_robin_the_order_is_that_of_the_scores(
    tournament: tuple[int, list[Result]],
) -> None:
    size, results = tournament
    scores = [0.0] * size
    for result in results:
        for candidate in (result.first, result.second):
            scores[candidate] += 0.5 if result.winner is None else result.winner == candidate
    points = ratings(size, results)
    for a, b in combinations(range(size), 2):
        if scores[a] == scores[b]:
            assert points[a] == pytest.approx(points[b], abs=TOLERANCE)
        else:
            assert (points[a] > points[b]) == (scores[a] > scores[b])


@pytest.mark.parametrize("size", [2, 32, 100, 300])
def test_without_a_single_upset_they_stay_finite_and_in_order(size: int) -> None:
    pairs = [(CandidateNumber(a), CandidateNumber(b)) for a, b in combinations(range(size), 2)]
    points = ratings(size, [Result(a, b, a) for a, b in pairs])
    assert all(map(math.isfinite, points))
    assert points == sorted(points, reverse=True)
    assert np.mean(points) == pytest.approx(1000)
    # What the first lost to the last and what it won are alike but for the sign.
    assert points[0] - 1000 == pytest.approx(1000 - points[-1], abs=TOLERANCE)


def test_the_scale_is_elos() -> None:
    """Nine wins, one loss and the prior: the ratings' difference is what Elo calls those odds."""
    zero, one = CandidateNumber(0), CandidateNumber(1)
    few = ratings(2, [Result(zero, one, zero)] * 9 + [Result(zero, one, one)])
    many = ratings(2, [Result(zero, one, zero)] * 9000 + [Result(zero, one, one)] * 1000)
    assert many[0] - many[1] == pytest.approx(400 * math.log10(9), abs=0.5)
    assert 0 < few[0] - few[1] < many[0] - many[1]


def test_a_candidate_without_a_match_is_average() -> None:
    zero, one = CandidateNumber(0), CandidateNumber(1)
    points = ratings(3, [Result(zero, one, zero)])
    assert points[2] == pytest.approx(1000, abs=TOLERANCE)
    assert ratings(3, []) == pytest.approx([1000] * 3)
