"""Elo: the paper's parameters, conserved in total, the same for the same results and seed."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.domain import CandidateNumber, Result
from rrm_queue.ratings.columns import Columns
from rrm_queue.ratings.elo import elo


@st.composite
def tournaments(draw: st.DrawFn) -> tuple[int, list[Result]]:
    size = draw(st.integers(2, 12))
    number = st.integers(0, size - 1).map(CandidateNumber)
    pairs = draw(st.lists(st.tuples(number, number).filter(lambda p: p[0] != p[1]), max_size=60))
    return size, [Result(*pair, draw(st.sampled_from((*pair, None)))) for pair in pairs]


@given(tournament=tournaments(), seed=st.integers(0, 2**63 - 1))
def test_the_total_is_conserved(tournament: tuple[int, list[Result]], seed: int) -> None:
    size, results = tournament
    assert elo(Columns.of(size, results), seed).sum() == pytest.approx(1000 * size)


@given(tournament=tournaments(), seed=st.integers(0, 2**63 - 1), chance=st.randoms())
def test_neither_the_order_of_results_nor_who_stands_first_matters(
    tournament: tuple[int, list[Result]], seed: int, chance: random.Random
) -> None:
    size, results = tournament
    mixed = [
        Result(r.second, r.first, r.winner) if chance.random() < 0.5 else r
        for r in chance.sample(results, len(results))
    ]
    assert (elo(Columns.of(size, results), seed) == elo(Columns.of(size, mixed), seed)).all()


def test_a_first_win_between_equals_moves_half_of_k() -> None:
    zero, one = CandidateNumber(0), CandidateNumber(1)
    assert elo(Columns.of(3, [Result(zero, one, one)]), seed=0).tolist() == [998, 1002, 1000]
    assert elo(Columns.of(2, [Result(zero, one, None)]), seed=0).tolist() == [1000, 1000]
    assert elo(Columns.of(2, []), seed=0).tolist() == [1000, 1000]


def test_the_seed_chooses_the_order() -> None:
    pairs = [(CandidateNumber(a), CandidateNumber(b)) for a in range(8) for b in range(a)]
    columns = Columns.of(8, [Result(a, b, a if (a + b) % 3 else b) for a, b in pairs])
    assert len({tuple(elo(columns, seed).tolist()) for seed in range(10)}) == 10
    assert (elo(columns, 7) == elo(columns, 7)).all()
