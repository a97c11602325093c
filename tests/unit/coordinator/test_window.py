"""How many matches are out, how jobs share them, and how many tournaments are opened."""

from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.coordinator.window import (
    LEAST_WINDOW,
    MOST_OPENED,
    Claim,
    free_places,
    shares,
    to_open,
    window,
)

claims = st.lists(
    st.builds(
        Claim,
        job=st.uuids().map(str),
        out=st.integers(0, 50),
        ready=st.integers(0, 50),
        weight=st.integers(1, 100),
    ),
    max_size=6,
    unique_by=lambda claim: claim.job,
)


def test_the_window_follows_the_live_workers() -> None:
    assert window([]) == LEAST_WINDOW
    assert window([8]) == 16
    assert window([1000, 500]) == 3000


def test_as_many_tournaments_are_opened_as_bring_what_is_missing() -> None:
    assert to_open(500, 0, 0) == 1
    assert to_open(468, 1, 32) == 15
    assert to_open(10, 4, 0) == 40, "those before brought nothing: the store had their votes"
    assert to_open(10_000, 1, 1) == MOST_OPENED


def test_a_window_is_filled_by_the_eighth() -> None:
    assert free_places(800, 0) == 800
    assert free_places(800, 700) == 100
    assert free_places(800, 701) == 0
    assert free_places(800, 1000) == 0


@given(st.integers(0, 200), claims)
def test_shares_give_out_all_that_can_be_used_and_no_more(free: int, jobs: list[Claim]) -> None:
    given_out = shares(free, jobs)
    assert all(0 <= given_out[job.job] <= job.ready for job in jobs)
    assert sum(given_out.values()) == min(free, sum(job.ready for job in jobs))


def test_a_small_job_is_served_beside_a_large_one() -> None:
    given_out = shares(100, [Claim("large", 0, 10_000, 1), Claim("small", 0, 20, 1)])
    assert given_out == {"large": 80, "small": 20}


def test_shares_follow_the_weights_and_what_is_out_already() -> None:
    assert shares(90, [Claim("a", 0, 1000, 1), Claim("b", 0, 1000, 2)]) == {"a": 30, "b": 60}
    assert shares(50, [Claim("a", 50, 1000, 1), Claim("b", 0, 1000, 1)]) == {"a": 0, "b": 50}
