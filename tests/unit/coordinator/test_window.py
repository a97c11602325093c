"""How many matches are out, how jobs share them, and how many tournaments are opened."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rrm_queue.coordinator.window import (
    LEAST_WINDOW,
    MOST_OPENED,
    Claim,
    free_places,
    load,
    missing,
    shares,
    to_open,
    window,
)
from rrm_queue.domain import JobId

A, B = JobId("a"), JobId("b")

claims = st.lists(
    st.builds(
        Claim,
        job=st.uuids().map(lambda job: JobId(str(job))),
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
    given_out = shares(100, [Claim(A, 0, 10_000, 1), Claim(B, 0, 20, 1)])
    assert given_out == {A: 80, B: 20}


def test_shares_follow_the_weights_and_what_is_out_already() -> None:
    assert shares(90, [Claim(A, 0, 1000, 1), Claim(B, 0, 1000, 2)]) == {A: 30, B: 60}
    assert shares(50, [Claim(A, 50, 1000, 1), Claim(B, 0, 1000, 1)]) == {A: 0, B: 50}


def test_with_more_jobs_than_places_those_of_the_highest_weight_go_first() -> None:
    low = [Claim(JobId(f"low {n}"), 0, 1, 1) for n in range(10)]
    high = [Claim(JobId(f"high {n}"), 0, 1, 5) for n in range(3)]
    given_out = shares(5, [*low, *high])
    assert {job for job, n in given_out.items() if n} == {
        *(claim.job for claim in high),
        *(claim.job for claim in low[:2]),
    }


@given(st.integers(0, 200), claims)
def test_the_jobs_that_get_a_place_are_those_with_least_out_for_their_weight(
    free: int, jobs: list[Claim]
) -> None:
    """So dispatch needs to look at no more jobs than there are places."""
    able = [claim for claim in jobs if claim.ready]
    first = sorted(able, key=lambda claim: load(claim.out, claim.weight))[:free]
    assert {job for job, n in shares(free, jobs).items() if n} <= {claim.job for claim in first}


@given(st.integers(0, 200), claims, st.sets(st.integers(0, 5)))
def test_only_jobs_that_get_a_share_open_tournaments_and_no_more_than_it_takes(
    free: int, jobs: list[Claim], waiting: set[int]
) -> None:
    jobs = [replace(claim, waiting=n in waiting) for n, claim in enumerate(jobs)]
    lacking = missing(free, jobs)
    assert lacking.keys() <= {claim.job for claim in jobs if claim.waiting}
    assert all(0 < number <= free for number in lacking.values())
    brought = [replace(claim, ready=claim.ready + lacking.get(claim.job, 0)) for claim in jobs]
    if any(claim.waiting for claim in jobs):
        assert sum(shares(free, brought).values()) == free
    assert missing(free, brought) == {}
