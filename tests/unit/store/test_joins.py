"""Joins of columns: the same rows as comparing each with each, whatever the keys."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.store.joins import join, join_candidates

KEYS = st.lists(st.tuples(st.sampled_from((-(2**62), 0, 3, 2**62)), st.integers(0, 3)), max_size=12)


def columns(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """The rows column by column."""
    table = np.array(rows, np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


@given(left=KEYS, right=KEYS)
def test_the_rows_are_those_of_comparing_each_with_each(
    left: list[tuple[int, int]], right: list[tuple[int, int]]
) -> None:
    ours, theirs = join(columns(left), columns(right))
    expected = [(i, j) for i, one in enumerate(left) for j, two in enumerate(right) if one == two]
    assert list(zip(ours.tolist(), theirs.tolist(), strict=True)) == expected


def test_a_match_without_both_of_its_candidates_is_left_out() -> None:
    tournaments, firsts, seconds = (np.array(c) for c in ([7, 7, 8, 9], [0, 1, 0, 0], [1, 2, 1, 1]))
    candidates = columns([(8, 1), (8, 0), (7, 1), (7, 0), (9, 1)])
    rows, ones, others = join_candidates(tournaments, firsts, seconds, candidates)
    assert (rows.tolist(), ones.tolist(), others.tolist()) == ([0, 2], [3, 1], [2, 0])
