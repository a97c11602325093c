from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.seeds import derive, shuffled


def test_the_numbers_are_the_same_in_every_version() -> None:
    assert derive(0) == 4319460656041604495
    assert derive(7, "tournament", "gsm8k-1") == 1022035112599610733
    assert shuffled(8, 3, "bracket") == [3, 2, 0, 5, 7, 4, 1, 6]


@given(st.text(), st.text())
def test_parts_keep_their_boundaries(a: str, b: str) -> None:
    assert derive(a + b) != derive(a, b)


@given(st.integers(0, 200), st.integers())
def test_a_shuffle_is_a_permutation(size: int, seed: int) -> None:
    assert sorted(shuffled(size, seed)) == list(range(size))
