"""Intervals and possible ranks hold the truth as often as they say; docs/statistics.md has more.

The full table is that of benchmarks/calibration.py; here are a few of its rows with fewer boards.
"""

from typing import Any

import numpy as np
import pytest
from kit.calibration import FEW, MANY, Shape, coverage
from kit.calibration import all_pairs as all_pairs_meet

from rrm_queue.columns import GeneratorMatches
from rrm_queue.domain import CandidateNumber, Result
from rrm_queue.ratings.leaderboard import leaderboard
from rrm_queue.ratings.studentized import all_pairs, chance_above, deviates
from rrm_queue.ratings.table import rating_table


def matches(tournaments: Any, firsts: Any, seconds: Any, winners: Any) -> GeneratorMatches:
    return GeneratorMatches(
        np.asarray(tournaments, np.int64),
        np.asarray(firsts, np.int64),
        np.asarray(seconds, np.int64),
        np.asarray(winners, np.uint8),
    )


ROWS = {shape.name: shape for shape in (*MANY, *FEW)}


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.parametrize(
    "name",
    [
        "every pair, 20 prompts",
        "4 of 16 a prompt, 100 prompts",
        "every pair of 12 equals, 30 prompts",
    ],
)
def test_many_tournaments_hold_the_truth_at_95_of_100(name: str) -> None:
    found = coverage(ROWS[name], 120)
    assert 0.93 < found.ratings < 0.975
    assert 0.93 < found.differences < 0.975
    assert found.together > 0.92
    assert found.ranks > 0.94


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.parametrize(
    "name",
    [
        "one knockout of 8",
        "one `sampled:4` of 16",
        "one `sampled:10` of 16",
        "3 prompts, every pair of 8",
    ],
)
def test_few_matches_hold_the_truth_at_least_as_often(name: str) -> None:
    found = coverage(ROWS[name], 150)
    assert found.ratings > 0.94
    assert found.differences > 0.94
    assert found.ranks > 0.94


@pytest.mark.slow
@pytest.mark.no_cover
def test_draws_make_intervals_of_few_prompts_narrower_that_still_hold_the_truth() -> None:
    drawn = Shape("3 prompts, every pair of 8", 8, 3, all_pairs_meet(), 100, draws=0.8)
    found = coverage(drawn, 150)
    assert 0.94 < found.ratings < 0.99  # 99.6 % where a draw counts as much as a win
    assert 0.94 < found.differences < 0.99


def test_results_and_leaderboard_give_one_interval_for_the_same_matches() -> None:
    """A knockout of 8, each answer of a generator of its own."""
    won = [(0, 1), (2, 3), (4, 5), (6, 7), (0, 2), (4, 6), (0, 4)]
    names = [f"model {number}" for number in range(8)]
    results = [Result(*map(CandidateNumber, (one, two, one))) for one, two in won]
    firsts, seconds = np.array(won).T
    held = matches(np.zeros(7, int), firsts, seconds, np.ones(7, np.uint8))
    board = leaderboard(names, held, 1)
    order = [CandidateNumber(names.index(row.generator)) for row in board.rows]
    table = rating_table(8, results, 1, order)
    for row, number in zip(board.rows, order, strict=True):
        line = table[number]
        assert (row.bt, row.low, row.high) == pytest.approx((line.bt, line.low, line.high))
        assert (row.rank_low, row.rank_high) == (line.rank_low, line.rank_high) == (1, 8)
        assert row.above_next == pytest.approx(line.above_next)
        assert row.prior_shift is line.prior_shift is None  # no finite ratings without the prior


def test_the_lead_is_that_of_the_difference_not_of_the_intervals() -> None:
    """Two generators whose own intervals overlap, and who are surely not equal.

    Prompts favour both of them or neither, so that their difference is known far better.
    """
    chance = np.random.default_rng(3)
    prompts, shown = 40, np.array([150.0, 90, -330])
    firsts, seconds, winners, tournaments = [], [], [], []
    for prompt in range(prompts):
        taste = chance.normal(0, 200)
        points = shown + np.array([taste, taste, -2 * taste])
        for one, two in ((0, 1), (0, 2), (1, 2)) * 20:
            wins = chance.random() < 1 / (1 + 10 ** ((points[two] - points[one]) / 400))
            firsts.append(one)
            seconds.append(two)
            winners.append(1 if wins else 2)
            tournaments.append(prompt)
    held = matches(tournaments, firsts, seconds, winners)
    board = leaderboard(["a", "b", "c"], held, 1)
    first, second, third = board.rows
    assert [row.generator for row in board.rows] == ["a", "b", "c"]
    assert first.low < second.high
    assert (first.best, second.best) == (1, 1)
    assert first.rank_low == 1
    assert (second.rank_low, third.above_next) == (2, None)
    assert board.lead == first.above_next
    assert board.lead is not None
    assert board.lead > 0.99


def test_what_no_match_compares_has_no_chance_and_no_sure_rank() -> None:
    held = matches(np.array([0, 1]), np.array([0, 2]), np.array([1, 3]), np.array([1, 0], np.uint8))
    board = leaderboard(["a", "b", "c", "d"], held, 1)
    by_name = {row.generator: row for row in board.rows}
    assert [row.generator for row in board.rows] == ["a", "c", "d", "b"]
    assert by_name["a"].above_next is by_name["d"].above_next is None
    assert by_name["c"].above_next == pytest.approx(0.5)
    assert {(row.rank_low, row.rank_high) for row in board.rows} == {(1, 4)}


def test_the_shift_by_the_prior_is_what_switching_it_off_undoes() -> None:
    chance = np.random.default_rng(1)
    firsts, seconds = np.triu_indices(6, 1)
    rows = 8
    wins = chance.random(rows * len(firsts)) < 0.65
    held = matches(
        np.repeat(np.arange(rows), len(firsts)),
        np.tile(firsts, rows),
        np.tile(seconds, rows),
        np.where(wins, 1, 2).astype(np.uint8),
    )
    names = [*"abcdef"]
    shown, plain = leaderboard(names, held, 1), leaderboard(names, held, 1, prior_draws=0)
    bare = {row.generator: row for row in plain.rows}
    assert (shown.prior, plain.prior) == (True, False)
    for row in shown.rows:
        assert row.prior_shift is not None
        assert row.bt - row.prior_shift == pytest.approx(bare[row.generator].bt, abs=1e-4)
        assert bare[row.generator].prior_shift == 0
    assert shown.rows[0].prior_shift is not None
    assert shown.rows[0].prior_shift < -1
    alone = matches(np.zeros(1, int), np.array([0]), np.array([1]), np.array([1]))
    with pytest.raises(ValueError, match="no finite"):
        leaderboard(names, alone, 1, prior_draws=0)


def test_quantiles_of_students_t() -> None:
    """Tables of Student's t, and Bonferroni over the pairs."""
    degrees = np.array([5, 10, 19, 30, np.inf])
    assert deviates(1.959964, degrees) == pytest.approx(
        [2.571, 2.228, 2.093, 2.042, 1.960], abs=4e-3
    )
    assert [chance_above(2.0, float(n)) for n in degrees] == pytest.approx(
        [0.9490, 0.9633, 0.9700, 0.9727, 0.9772], abs=4e-3
    )
    assert chance_above(-1.0, 7) == pytest.approx(1 - chance_above(1.0, 7))
    assert [all_pairs(size) for size in (1, 2, 10)] == pytest.approx(
        [1.960, 1.960, 3.261], abs=1e-3
    )


def test_a_generator_of_one_large_tournament_spoils_no_other() -> None:
    """Without a prior nothing but that tournament tells its rating."""
    chance = np.random.default_rng(4)
    rows = [(t, *pair) for t in range(60) for pair in ((0, 1), (0, 2), (1, 2)) * 2]
    tournaments, firsts, seconds = np.array(rows).T
    winners = chance.integers(1, 3, len(rows))
    before = leaderboard([*"abcd"], matches(tournaments, firsts, seconds, winners), 1,
                         prior_draws=0)  # fmt: skip
    more = ((3, 0, 1), (3, 1, 2), (3, 2, 1), (3, 0, 2)) * 3
    firsts, seconds = (
        np.append(one, [row[at] for row in more]) for at, one in enumerate((firsts, seconds))
    )
    held = matches(
        np.append(tournaments, np.zeros(len(more), int)),
        firsts,
        seconds,
        np.append(winners, [row[2] for row in more]),
    )
    after = leaderboard([*"abcd"], held, 1, prior_draws=0)
    widths = {row.generator: row.high - row.low for row in after.rows}
    assert all(np.isfinite(width) and width > 0 for width in widths.values())
    assert max(widths, key=lambda name: widths[name]) == "d"
    for one, other in zip(
        before.rows, [row for row in after.rows if row.generator != "d"], strict=True
    ):
        assert one.generator == other.generator
        assert other.high - other.low < 2.5 * (one.high - one.low)
