"""Intervals of ratings: blind to order, names and sides, and as wide as they say."""

import random
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.examples import examples

from rrm_queue.domain import CandidateNumber, Result
from rrm_queue.ratings.bradley_terry import POINTS, bradley_terry, strengths
from rrm_queue.ratings.clusters import contributions
from rrm_queue.ratings.columns import Columns
from rrm_queue.ratings.comparability import comparability
from rrm_queue.ratings.intervals import clustered, information, laplace, sandwich
from rrm_queue.ratings.table import rating_table


def result(first: int, second: int, winner: int | None) -> Result:
    return Result(
        CandidateNumber(first),
        CandidateNumber(second),
        None if winner is None else CandidateNumber(winner),
    )


@st.composite
def tournaments(draw: st.DrawFn) -> tuple[int, list[Result]]:
    size = draw(st.integers(2, 8))
    number = st.integers(0, size - 1)
    pairs = draw(st.lists(st.tuples(number, number).filter(lambda p: p[0] != p[1]), max_size=40))
    return size, [result(*pair, draw(st.sampled_from((*pair, None)))) for pair in pairs]


def simulated(points: np.ndarray, rounds: int, chance: np.random.Generator) -> Columns:
    pairs = np.array(list(combinations(range(len(points)), 2)) * rounds)
    firsts, seconds = pairs.T
    wins = chance.random(len(pairs)) < 1 / (1 + np.exp((points[seconds] - points[firsts]) / POINTS))
    return Columns(len(points), firsts, seconds, np.where(wins, 1, 2).astype(np.uint8))


@examples(0.5)  # a hundred orders of Elo each
@given(tournament=tournaments(), seed=st.integers(0, 2**63 - 1))
def test_the_interval_contains_the_standings_rating(
    tournament: tuple[int, list[Result]], seed: int
) -> None:
    size, results = tournament
    lines = rating_table(size, results, seed)
    assert [line.bt for line in lines] == pytest.approx(
        bradley_terry(Columns.of(size, results)).tolist(), abs=1e-2
    )
    for line in lines:
        assert line.low < line.bt < line.high
        assert line.elo_low <= line.elo + 1e-9
        assert line.elo <= line.elo_high + 1e-9
    assert sum(line.elo for line in lines) == pytest.approx(1000 * size)


@examples(0.5)  # a hundred orders of Elo each
@given(tournament=tournaments(), seed=st.integers(0, 2**63 - 1), chance=st.randoms())
def test_neither_the_order_of_results_nor_sides_change_a_rating(
    tournament: tuple[int, list[Result]], seed: int, chance: random.Random
) -> None:
    size, results = tournament
    mixed = [
        Result(r.second, r.first, r.winner) if chance.random() < 0.5 else r
        for r in chance.sample(results, len(results))
    ]
    assert rating_table(size, mixed, seed) == rating_table(size, results, seed)


@examples(0.5)  # a hundred orders of Elo each
@given(tournament=tournaments(), chance=st.randoms())
def test_renamed_candidates_keep_rating_and_interval(
    tournament: tuple[int, list[Result]], chance: random.Random
) -> None:
    size, results = tournament
    names = chance.sample(range(size), size)
    renamed = [
        result(names[r.first], names[r.second], None if r.winner is None else names[r.winner])
        for r in results
    ]
    before, after = rating_table(size, results, 1), rating_table(size, renamed, 1)
    for line in before:
        other = after[names[line.candidate]]
        assert (other.bt, other.low, other.high) == pytest.approx(
            (line.bt, line.low, line.high), abs=1e-3
        )
        assert (other.undefeated, other.winless) == (line.undefeated, line.winless)


@given(tournament=tournaments())
def test_the_information_is_the_curvature_of_the_posterior(
    tournament: tuple[int, list[Result]],
) -> None:
    """Against a numerical second derivative of the log-posterior, written out match by match."""
    size, results = tournament
    wins = Columns.of(size, results).wins()
    fit = strengths(wins)
    assert fit.average is not None
    logits = (fit.points - fit.average) / POINTS

    def loss(at: np.ndarray) -> float:
        pairs = sum(
            wins[a, b] * np.logaddexp(0, at[b] - at[a]) for a in range(size) for b in range(size)
        )
        return float(pairs + (np.logaddexp(0, at) + np.logaddexp(0, -at)).sum())

    step, ours = 1e-3, information(wins, fit)
    directions = np.eye(size) * step
    for a in range(size):
        for b in range(size):
            there = loss(logits + directions[a] + directions[b])
            apart = loss(logits + directions[a] - directions[b])
            third = loss(logits - directions[a] + directions[b])
            back = loss(logits - directions[a] - directions[b])
            found = (there - apart - third + back) / (4 * step**2)
            assert ours[a, b] == pytest.approx(found, abs=1e-3)


def test_95_of_100_intervals_hold_the_truth() -> None:
    chance, truth = np.random.default_rng(5), np.array([1200.0, 1080, 1000, 960, 900, 860])
    held = []
    for _ in range(300):
        columns = simulated(truth, 12, chance)
        fit = strengths(columns.wins(), prior_draws=0)
        curvature = information(columns.wins(), fit, prior_draws=0)
        robust = clustered(columns, curvature, fit, np.arange(len(columns)), prior_draws=0)
        held += [
            abs(fit.points - truth) <= errors.margins() for errors in (laplace(curvature), robust)
        ]
    assert 0.93 < np.mean(held[::2]) < 0.97
    assert 0.93 < np.mean(held[1::2]) < 0.97


def test_repeated_results_narrow_the_intervals_only_of_who_takes_them_for_new() -> None:
    columns = simulated(np.array([1100.0, 1000, 950, 950]), 10, np.random.default_rng(2))
    thrice = Columns(
        4, np.tile(columns.firsts, 3), np.tile(columns.seconds, 3), np.tile(columns.winners, 3)
    )
    clusters = np.arange(len(columns))
    widths = []
    for held, groups in (
        (columns, clusters),
        (thrice, np.tile(clusters, 3)),
        (thrice, np.arange(len(thrice))),
    ):
        fit = strengths(held.wins(), prior_draws=0)
        curvature = information(held.wins(), fit, prior_draws=0)
        errors = sandwich(np.linalg.inv(curvature), contributions(held, fit, groups).noise())
        widths.append(np.sqrt(np.diag(errors)))
    assert widths[1] == pytest.approx(widths[0], rel=1e-6)
    assert widths[2] == pytest.approx(widths[0] / 3**0.5, rel=1e-6)


def test_what_cannot_be_compared_is_said() -> None:
    # 0 beats 1 and 2, who beat each other; 3 and 4 draw; 5 never plays.
    results = [result(0, 1, 0), result(0, 2, 0), result(1, 2, 1), result(1, 2, 2)]
    results += [result(3, 4, None)]
    lines = rating_table(6, results, 1)
    assert [line.component for line in lines] == [0, 0, 0, 1, 1, 2]
    assert [line.group for line in lines] == [0, 1, 1, 2, 2, 3]
    assert [line.undefeated for line in lines] == [True] + [False] * 5
    assert not any(line.winless for line in lines)
    with pytest.raises(ValueError, match="no finite"):
        rating_table(6, results, 1, prior_draws=0)


@given(tournament=tournaments())
def test_a_group_is_what_wins_lead_to_and_from(tournament: tuple[int, list[Result]]) -> None:
    """Groups and components against reachability, walked out in full."""
    size, results = tournament
    wins = Columns.of(size, results).wins()
    reach = np.eye(size, dtype=bool) | (wins > 0)
    joined = reach | reach.T
    for _ in range(size):
        reach, joined = (reach.astype(int) @ reach) > 0, (joined.astype(int) @ joined) > 0
    said = comparability(wins)
    assert ((said.groups[:, None] == said.groups) == (reach & reach.T)).all()
    assert ((said.components[:, None] == said.components) == joined).all()
    assert said.estimable == bool((reach & reach.T).all())


def test_elo_over_orders_averages_out_what_one_order_leaves() -> None:
    columns = simulated(np.array([1200.0, 1000, 1000, 800]), 100, np.random.default_rng(9))
    results = [
        result(int(a), int(b), int(a if w == 1 else b))
        for a, b, w in zip(columns.firsts, columns.seconds, columns.winners, strict=True)
    ]
    one, other = rating_table(4, results, 1), rating_table(4, results, 2)
    for line, again in zip(one, other, strict=True):
        assert line.elo_sd > 1
        assert line.elo == pytest.approx(again.elo, abs=4 * line.elo_sd / 100**0.5)
        assert line.elo_low < line.elo < line.elo_high
