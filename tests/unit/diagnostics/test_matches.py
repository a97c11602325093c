"""What matches say of a judge: intransitive triples and the pull of length."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.diagnostics.length import length_slope, longer_wins
from rrm_queue.diagnostics.triples import cyclic_triples

number = st.integers(0, 6)
rows = st.lists(
    st.tuples(st.integers(0, 4), number, number, st.integers(0, 2)).filter(lambda r: r[1] != r[2]),
    max_size=80,
)


def columns(held: list[tuple[int, int, int, int]]) -> tuple[np.ndarray, ...]:
    table = np.array(held, np.int64).reshape(-1, 4).T
    return table[0], table[1], table[2], table[3].astype(np.uint8)


def round_robins(
    tournaments: int, size: int, chance: np.random.Generator, upset: float
) -> tuple[np.ndarray, ...]:
    firsts, seconds = np.triu_indices(size, 1)
    winners = np.where(chance.random((tournaments, len(firsts))) < upset, 2, 1)
    return (
        np.repeat(np.arange(tournaments) * 5, len(firsts)),
        np.tile(firsts, tournaments),
        np.tile(seconds, tournaments),
        winners.ravel().astype(np.uint8),
    )


@given(held=rows)
def test_triples_are_counted_as_a_loop_over_them_counts(
    held: list[tuple[int, int, int, int]],
) -> None:
    lead: dict[tuple[int, int, int], int] = {}
    for tournament, first, second, winner in held:
        low, high = sorted((first, second))
        won = {0: 0, 1: 1, 2: -1}[winner] * (1 if first == low else -1)
        lead[tournament, low, high] = lead.get((tournament, low, high), 0) + won
    closed = cyclic = 0
    for tournament in range(5):
        for a, b, c in combinations(range(7), 3):
            sides = [lead.get((tournament, *pair), 0) for pair in ((a, b), (b, c), (a, c))]
            closed += all(sides)
            cyclic += all(sides) and (sides[0] > 0) == (sides[1] > 0) != (sides[2] > 0)
    found = cyclic_triples(*columns(held))
    assert found.n == closed
    assert not closed or found.estimate == pytest.approx(cyclic / closed)


def test_round_robins_agree_with_kendalls_count_by_scores() -> None:
    """Circular triads are C(n, 3) less the sum of C(wins, 2): Kendall and Babington Smith."""
    held = round_robins(40, 9, np.random.default_rng(1), 0.3)
    ids, firsts, seconds, winners = held
    cyclic = 0
    for tournament in np.unique(ids):
        mine = ids == tournament
        won = np.where(winners == 1, firsts, seconds)[mine]
        wins = np.bincount(won, minlength=9)
        cyclic += math.comb(9, 3) - int((wins * (wins - 1) // 2).sum())
    found = cyclic_triples(*held)
    assert found.n == 40 * math.comb(9, 3)
    assert found.estimate == pytest.approx(cyclic / found.n)


def test_a_ranking_has_no_cycle_and_coins_have_a_quarter() -> None:
    chance = np.random.default_rng(2)
    assert cyclic_triples(*round_robins(50, 8, chance, 0.0)).estimate == 0
    coins = cyclic_triples(*round_robins(2000, 8, chance, 0.5))
    assert coins.low < 0.25 < coins.high
    assert coins.high - coins.low < 0.02


def test_a_knockout_closes_no_triple() -> None:
    held = columns([(0, 0, 1, 1), (0, 2, 3, 1), (0, 0, 2, 2)])
    assert cyclic_triples(*held).n == 0
    assert math.isnan(cyclic_triples(*held).estimate)


def lengths(n: int, slope: float, chance: np.random.Generator) -> tuple[np.ndarray, ...]:
    ours, others = np.exp(chance.normal(6, 1, (2, n))).round() + 1
    odds = slope * np.log2(ours / others)
    winners = np.where(chance.random(n) < 1 / (1 + np.exp(-odds)), 1, 2).astype(np.uint8)
    winners[chance.random(n) < 0.1] = 0
    return np.arange(n) // 6, ours, others, winners


@pytest.mark.parametrize("slope", [0.0, 0.4, -0.7])
def test_a_known_pull_is_found_again(slope: float) -> None:
    found = length_slope(*lengths(20_000, slope, np.random.default_rng(4)))
    assert found.low < slope < found.high
    assert found.high - found.low < 0.12


def test_the_slope_s_interval_holds_the_truth_95_times_in_100() -> None:
    chance, held = np.random.default_rng(5), []
    for _ in range(400):
        found = length_slope(*lengths(300, 0.5, chance))
        held.append(found.low < 0.5 < found.high)
    assert 0.93 < np.mean(held) < 0.97


def test_few_tournaments_tell_little_and_one_nothing() -> None:
    """With three clusters the normal quantile held the truth in 87 of 100 cases."""
    chance, held = np.random.default_rng(6), []
    for _ in range(400):
        ids, *rest = lengths(300, 0.5, chance)
        found = length_slope(ids % 3, *rest)
        held.append(found.low < 0.5 < found.high)
    assert 0.9 < np.mean(held) <= 1
    ids, *rest = lengths(300, 0.5, chance)
    one = length_slope(ids * 0, *rest)
    assert (one.low, one.high) == (-np.inf, np.inf)


@given(seed=st.integers(0, 1000))
def test_sides_do_not_matter(seed: int) -> None:
    ids, ours, others, winners = lengths(40, 0.3, np.random.default_rng(seed))
    turned = np.where(winners > 0, 3 - winners, winners).astype(np.uint8)
    for rule in (longer_wins, length_slope):
        a, b = rule(ids, ours, others, winners), rule(ids, others, ours, turned)
        assert (b.estimate, b.low, b.high, b.n) == pytest.approx((a.estimate, a.low, a.high, a.n))
        assert a.low <= a.estimate <= a.high


def test_equal_lengths_draws_and_full_separation() -> None:
    ids = np.arange(4)
    ours, others = np.array([10.0, 20, 30, 5]), np.array([10.0, 10, 10, 1])
    winners = np.array([1, 1, 1, 0], np.uint8)
    longer = longer_wins(ids, ours, others, winners)
    assert (longer.estimate, longer.n, longer.high) == (1, 2, 1)
    assert length_slope(ids, ours, others, winners).estimate == math.inf
    assert length_slope(ids, others, ours, winners).estimate == -math.inf
    assert math.isnan(length_slope(ids, ours, ours, winners).estimate)
    assert math.isnan(longer_wins(ids, ours, ours, winners).estimate)
