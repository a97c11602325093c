"""Two judges on shared matches: what is shared, and how far they agree."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from rrm_queue.columns import MatchesByContent
from rrm_queue.diagnostics.comparison import agreement_of, clustered_kappa, disagreements
from rrm_queue.diagnostics.kappa import cohen_kappa
from rrm_queue.diagnostics.rates import DEVIATES, wilson
from rrm_queue.diagnostics.shared_matches import shared_matches

Match = tuple[int, int, int, int]
"""A prompt, two answers and who won: 1, 2 or 0; answers are numbered as in the file."""


def job(matches: list[Match], votes: list[tuple[int, int]] | None = None) -> MatchesByContent:
    prompts, firsts, seconds, winners = np.array(matches, np.int64).reshape(-1, 4).T
    cast = np.array(votes or [(1, 0)] * len(matches), np.int64).reshape(-1, 2)
    none = np.zeros(len(matches), np.int64)
    return MatchesByContent(
        np.arange(len(matches)) + 100, prompts, firsts, seconds, firsts > seconds, firsts, seconds,
        winners.astype(np.uint8), cast[:, 0], cast[:, 1], none, cast.sum(axis=1),
        none + 100, none + 10, none + 7, np.full(len(matches), 0.5),
    )  # fmt: skip


def test_pairs_are_shared_by_their_texts_whatever_their_order() -> None:
    one = job([(1, 10, 11, 1), (1, 10, 12, 0), (2, 10, 11, 2), (3, 7, 8, 1)])
    two = job([(2, 11, 10, 1), (1, 11, 10, 1), (1, 12, 11, 1), (4, 7, 8, 1)])
    found = shared_matches(one, two)
    assert found.one.outcomes.tolist() == [1, 2]
    assert found.two.outcomes.tolist() == [2, 2]
    assert (found.one.rows.tolist(), found.two.rows.tolist()) == ([0, 2], [1, 0])
    assert found.prompts.tolist() == [0, 1]
    assert found.shared_prompts == 2
    assert found.first_generators.tolist() == [10, 10]
    assert (found.one.votes, found.one.prompt_tokens, found.one.judge_seconds) == (2, 200, 1.0)


def test_a_pair_that_met_twice_counts_once_by_who_won_more_often() -> None:
    one = job([(1, 10, 11, 1), (1, 11, 10, 2), (1, 10, 11, 2)], [(3, 0), (0, 2), (1, 2)])
    found = shared_matches(one, job([(1, 10, 11, 2)]))
    assert found.one.outcomes.tolist() == [1]
    assert found.one.shares.tolist() == [pytest.approx(7 / 10)]
    assert found.one.votes == 8
    drawn = shared_matches(job([(1, 10, 11, 1), (1, 10, 11, 2)]), job([(1, 10, 11, 2)]))
    assert drawn.one.outcomes.tolist() == [0]


def test_equal_texts_and_jobs_that_share_nothing_leave_nothing() -> None:
    equal = job([(1, 10, 10, 0)])
    assert len(shared_matches(equal, equal)) == 0
    for none in (shared_matches(job([]), job([])), shared_matches(job([(1, 2, 3, 1)]), job([]))):
        agreement = agreement_of(none)
        assert (len(none), agreement.same.n, agreement.kappa.n) == (0, 0, 0)
        assert np.isnan(agreement.kappa.estimate)
        assert disagreements(none, 5).tolist() == []


matches = st.lists(
    st.tuples(st.integers(0, 3), st.integers(10, 14), st.integers(10, 14), st.integers(0, 2)),
    min_size=1,
    max_size=40,
    unique_by=lambda match: (match[0], *sorted(match[1:3])),
)


@given(matches, matches, st.randoms())
def test_slots_and_the_order_of_matches_change_nothing(
    ours: list[Match], others: list[Match], chance: Any
) -> None:
    def turned(one: Match) -> Match:
        prompt, first, second, winner = one
        return (prompt, second, first, (3 - winner) if winner else 0)

    shuffled = [turned(match) if chance.random() < 0.5 else match for match in others]
    chance.shuffle(shuffled)
    straight = shared_matches(job(ours), job(others))
    back = shared_matches(job(ours), job(shuffled))
    said = dict(zip(straight.one.rows.tolist(), straight.two.outcomes.tolist(), strict=True))
    assert said == dict(zip(back.one.rows.tolist(), back.two.outcomes.tolist(), strict=True))
    expected = {(prompt, *sorted((a, b))) for prompt, a, b, _ in ours if a != b} & {
        (prompt, *sorted((a, b))) for prompt, a, b, _ in others if a != b
    }
    assert len(straight) == len(expected)
    assert agreement_of(straight) == agreement_of(back)
    assert agreement_of(straight).same.n == len(straight)


def outcomes(seed: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.RandomState(seed)
    one = chance.choice(3, size, p=(0.1, 0.5, 0.4))
    return one, np.where(chance.random_sample(size) < 0.7, one, chance.choice(3, size))


@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_that_of_statsmodels(seed: int) -> None:
    one, two = outcomes(seed, 400)
    table = np.zeros((3, 3))
    np.add.at(table, (one, two), 1)
    theirs = cohens_kappa(table)
    ours = clustered_kappa(one, two, np.arange(400))
    assert ours.estimate == pytest.approx(theirs.kappa, abs=1e-12)
    half = (ours.high - ours.low) / 2
    assert half == pytest.approx(DEVIATES * theirs.std_kappa, rel=0.01)


def test_full_agreement_of_few_prompts_is_no_certainty() -> None:
    """Ten prompts of ten matches say as much as ten matches of ten prompts."""
    said = np.array([1, 2] * 5)
    few = clustered_kappa(said, said, np.arange(10))
    many = clustered_kappa(np.repeat(said, 10), np.repeat(said, 10), np.repeat(np.arange(10), 10))
    alone = cohen_kappa(said, said)
    assert (few.low, few.high) == (many.low, many.high) == pytest.approx((alone.low, alone.high))
    assert few.low < 0.5


def test_rows_of_one_prompt_count_as_one_in_intervals() -> None:
    """Each prompt's matches have the same outcomes: ten of them say no more than one."""
    one, two = outcomes(7, 60)
    once = clustered_kappa(one, two, np.arange(60))
    tenfold = clustered_kappa(np.repeat(one, 10), np.repeat(two, 10), np.repeat(np.arange(60), 10))
    assert (tenfold.low, tenfold.high) == pytest.approx((once.low, once.high))
    assert tenfold.n == 600
    rows = [(prompt, 10, 11 + n, 1) for prompt in range(60) for n in range(10)]
    others = [(prompt, a, b, 1 + int(one[prompt] != two[prompt])) for prompt, a, b, _ in rows]
    rate = agreement_of(shared_matches(job(rows), job(others))).same
    assert (rate.low, rate.high) == pytest.approx(wilson(60 * rate.estimate, 60), abs=0.003)


def test_agreement_counts_draws_apart() -> None:
    pairs = [(1, 1), (1, 2), (0, 0), (0, 1), (2, 0), (2, 2)]
    found = agreement_of(
        shared_matches(
            job([(n, 10, 11, one) for n, (one, _) in enumerate(pairs)]),
            job([(n, 10, 11, two) for n, (_, two) in enumerate(pairs)]),
        )
    )
    assert (found.same.estimate, found.same.n) == (0.5, 6)
    assert (found.decided.estimate, found.decided.n) == (pytest.approx(2 / 3), 3)
    counts = (found.same_winner, found.opposite_winners, found.draw_in_both)
    assert counts == (2, 1, 1)
    assert (found.draw_in_first, found.draw_in_second) == (1, 1)


def test_the_most_telling_disagreements_are_those_where_both_are_sure() -> None:
    ours = [(1, 10, 11, 1), (1, 10, 12, 1), (2, 10, 11, 1), (1, 10, 13, 0), (3, 10, 11, 1)]
    one = job(ours, [(5, 0), (5, 0), (5, 0), (1, 1), (3, 2)])
    others = [(*match[:3], 2) for match in ours[:4]] + [ours[4]]
    two = job(others, [(0, 5), (0, 5), (0, 5), (0, 1), (3, 2)])
    shared = shared_matches(one, two)
    # Rows 0, 1 and 2 say the same, so the other prompt comes before a second match of the first.
    assert disagreements(shared, 9).tolist() == [0, 2, 1, 3]
    assert disagreements(shared, 2).tolist() == [0, 2]


def test_a_large_comparison_counts_every_pair() -> None:
    size = 100_000
    chance = np.random.RandomState(0)
    rows = np.stack(
        (
            np.arange(size) // 20,
            chance.randint(0, 1 << 40, size),
            chance.randint(0, 1 << 40, size),
            chance.randint(0, 3, size),
        ),
        axis=1,
    )
    other = rows.copy()
    other[:, 3] = np.where(chance.random_sample(size) < 0.5, rows[:, 3], chance.randint(0, 3, size))
    found = agreement_of(shared_matches(job(rows.tolist()), job(other[::-1].tolist())))
    seen = Counter(zip(rows[:, 3].tolist(), other[:, 3].tolist(), strict=True))
    assert found.same.n == size
    assert found.same_winner == seen[1, 1] + seen[2, 2]
    assert found.opposite_winners == seen[1, 2] + seen[2, 1]
