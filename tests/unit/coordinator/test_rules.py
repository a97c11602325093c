from collections import Counter
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.coordinator.rules import (
    BATCH,
    GRACE,
    LEAST_WINDOW,
    OVER_GRACE,
    Claim,
    Loss,
    OutFacts,
    batches,
    free_places,
    losses,
    shares,
    window,
)
from rrm_queue.domain import OVER, RETURNED


class Match(NamedTuple):
    tournament: int
    first: int
    number: int


matches = st.lists(st.builds(Match, st.integers(0, 5), st.integers(0, 9), st.integers()))
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


@given(matches)
def test_every_match_travels_once_in_a_batch_of_one_tournament(ready: list[Match]) -> None:
    formed = batches(ready)
    assert Counter(match for batch in formed for match in batch) == Counter(ready)
    for batch in formed:
        assert len({match.tournament for match in batch}) == 1
        assert 1 <= len(batch) <= BATCH


@given(matches)
def test_a_group_that_fits_a_batch_is_never_split(ready: list[Match]) -> None:
    formed = batches(ready)
    for group, size in Counter((match.tournament, match.first) for match in ready).items():
        holding = [b for b in formed if any((m.tournament, m.first) == group for m in b)]
        assert size > BATCH or len(holding) == 1


def test_a_group_larger_than_a_batch_is_split() -> None:
    assert [len(batch) for batch in batches([Match(1, 2, n) for n in range(150)])] == [64, 64, 22]


def test_the_window_follows_the_live_workers() -> None:
    assert window([]) == LEAST_WINDOW
    assert window([64, 64]) == LEAST_WINDOW
    assert window([1000, 500]) == 3000


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


def facts(batch: int = 1, **known: object) -> OutFacts:
    usual: dict[str, object] = {"epoch": "now", "age": 1.0, "held": None, "holder": None}
    return OutFacts(batch, **(usual | known))  # type: ignore[arg-type]  # a test's shorthand


def test_a_batch_whose_worker_lives_is_never_lost() -> None:
    old = facts(age=1e6, held=1e6, holder="worker")
    assert losses([old], epoch="now", waiting=0) == {}


def test_a_batch_of_another_epoch_is_lost_at_once() -> None:
    assert losses([facts(epoch="before")], epoch="now", waiting=9) == {1: Loss.EPOCH}


def test_a_batch_whose_lease_is_gone_lost_its_worker() -> None:
    assert losses([facts(held=3.0)], epoch="now", waiting=9) == {1: Loss.WORKER}


def test_a_batch_that_was_handed_back_is_free_at_once() -> None:
    assert losses([facts(holder=RETURNED)], epoch="now", waiting=9) == {1: Loss.RETURNED}


def test_a_batch_that_waits_in_the_queue_is_left_alone_however_old() -> None:
    assert losses([facts(age=1e6)], epoch="now", waiting=1) == {}


def test_a_message_that_nobody_took_is_lost_when_the_queue_is_empty() -> None:
    assert losses([facts(age=GRACE + 1)], epoch="now", waiting=0) == {1: Loss.MESSAGE}
    assert losses([facts(age=GRACE - 1)], epoch="now", waiting=0) == {}


def test_an_overtaken_message_is_lost() -> None:
    overtaken = facts(1, age=GRACE + 1)
    overtaker = facts(2, age=GRACE + 1, held=GRACE + 1, holder="worker")
    assert losses([overtaken, overtaker], epoch="now", waiting=5) == {1: Loss.MESSAGE}
    barely = facts(2, age=GRACE + 1, held=1.0, holder="worker")
    assert losses([overtaken, barely], epoch="now", waiting=5) == {}


def test_an_ended_batch_has_time_for_its_outcomes_to_arrive() -> None:
    assert losses([facts(held=OVER_GRACE - 1, holder=OVER)], epoch="now", waiting=0) == {}
    late = facts(held=OVER_GRACE + 1, holder=OVER)
    assert losses([late], epoch="now", waiting=0) == {1: Loss.OUTCOMES}
