"""Standings: ranks, records and the champion."""

import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.domain import CandidateNumber, Result
from rrm_queue.ratings.standings import standings


def result(first: int, second: int, winner: int | None) -> Result:
    return Result(
        CandidateNumber(first),
        CandidateNumber(second),
        None if winner is None else CandidateNumber(winner),
    )


def test_places_of_the_structure_are_the_ranks_and_ratings_only_stand_beside_them() -> None:
    results = [result(0, 1, 1), result(2, 3, 3), result(1, 3, 3)]
    places = {CandidateNumber(n): place for n, place in enumerate([3, 2, 3, 1])}
    lines = standings(4, results, places, seed=1)
    assert [line.candidate for line in lines][:2] == [3, 1]
    assert [line.rank for line in lines] == [1, 2, 3, 3]
    champion = lines[0]
    assert (champion.wins, champion.losses, champion.draws) == (2, 0, 0)
    assert champion.bt > lines[1].bt > 1000 > lines[2].bt
    assert champion.elo > 1000


def test_without_places_bradley_terry_ranks_and_equals_share_a_rank() -> None:
    # 3 beats all, 0 and 2 draw and beat 1: ranks 1, 2, 2, 4.
    results = [result(3, n, 3) for n in range(3)]
    results += [result(0, 2, None), result(0, 1, 0), result(1, 2, 2)]
    lines = standings(4, results, None, seed=1)
    assert {line.candidate: line.rank for line in lines} == {3: 1, 0: 2, 2: 2, 1: 4}
    assert [line.rank for line in lines] == [1, 2, 2, 4]
    records = {line.candidate: (line.wins, line.losses, line.draws) for line in lines}
    assert records == {0: (1, 1, 1), 1: (0, 3, 0), 2: (1, 1, 1), 3: (3, 0, 0)}


def test_among_equals_the_higher_elo_is_listed_first() -> None:
    cycle = [result(0, 1, 0), result(1, 2, 1), result(2, 0, 2)]
    for seed in range(20):
        lines = standings(3, cycle, None, seed)
        assert [line.rank for line in lines] == [1, 1, 1]
        assert [line.elo for line in lines] == sorted((line.elo for line in lines), reverse=True)


def test_a_coin_of_the_seed_decides_between_equal_elos() -> None:
    champions = [standings(2, [result(0, 1, None)], None, seed)[0].candidate for seed in range(60)]
    assert champions == [
        standings(2, [result(0, 1, None)], None, seed)[0].candidate for seed in range(60)
    ]
    assert 10 < sum(champions) < 50


@given(size=st.integers(2, 20), seed=st.integers(0, 2**63 - 1), chance=st.randoms())
def test_standings_do_not_depend_on_the_order_of_results(
    size: int, seed: int, chance: random.Random
) -> None:
    results = [result(a, b, chance.choice((a, b, None))) for a, b in combinations(range(size), 2)]
    lines = standings(size, results, None, seed)
    assert standings(size, chance.sample(results, len(results)), None, seed) == lines
    assert sorted(line.candidate for line in lines) == list(range(size))
    assert [line.rank for line in lines] == sorted(line.rank for line in lines)
    scores = [line.wins + line.draws / 2 for line in lines]
    assert scores == sorted(scores, reverse=True)
    for line in lines:
        assert line.rank == 1 + sum(score > line.wins + line.draws / 2 for score in scores)


def test_a_tournament_without_results_is_a_tie_of_all() -> None:
    lines = standings(3, [], None, seed=0)
    assert [(line.rank, line.wins, line.elo) for line in lines] == [(1, 0, 1000.0)] * 3
    assert [line.bt for line in lines] == pytest.approx([1000.0] * 3)
