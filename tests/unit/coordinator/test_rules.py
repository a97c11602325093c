from collections import Counter
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.coordinator.rules import (
    ATTEMPTS,
    BATCH,
    BATCH_TEXT,
    FLUSHED,
    GRACE,
    LEAST_WINDOW,
    LONGEST_BACK_OFF,
    MOST_OPENED,
    MOST_RECORDED,
    RENEWED,
    BrokerFacts,
    Claim,
    Loss,
    OutFacts,
    back_off,
    batch_size,
    batches,
    free_places,
    losses,
    shares,
    to_open,
    together,
    window,
)
from rrm_queue.messages import BROKEN, OVER, RETURNED, Epoch, Holder, MatchReport, Outcomes


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


def short(match: Match) -> int:
    return 1000


@given(matches, st.integers(1, BATCH))
def test_every_match_travels_once_tournament_by_tournament(ready: list[Match], most: int) -> None:
    formed = batches(ready, short, most)
    travels = [match for batch in formed for match in batch]
    assert Counter(travels) == Counter(ready)
    assert [match.tournament for match in travels] == sorted(match.tournament for match in ready)
    assert all(1 <= len(batch) <= most for batch in formed)


@given(matches)
def test_a_group_that_fits_a_batch_is_never_split(ready: list[Match]) -> None:
    formed = batches(ready, short)
    for group, size in Counter((match.tournament, match.first) for match in ready).items():
        holding = [b for b in formed if any((m.tournament, m.first) == group for m in b)]
        assert size > BATCH or len(holding) == 1


def test_a_group_larger_than_a_batch_is_split() -> None:
    assert [len(batch) for batch in batches([Match(1, 2, n) for n in range(150)], short, 64)] == [
        64,
        64,
        22,
    ]


@given(matches, st.sampled_from([BATCH_TEXT // 2, BATCH_TEXT, 3 * BATCH_TEXT]))
def test_a_message_is_no_longer_than_its_bound_unless_one_match_is(
    ready: list[Match], size: int
) -> None:
    formed = batches(ready, lambda _: size)
    assert Counter(match for batch in formed for match in batch) == Counter(ready)
    assert all(len(batch) * size <= BATCH_TEXT or len(batch) == 1 for batch in formed)


def test_the_window_follows_the_live_workers() -> None:
    assert window([]) == LEAST_WINDOW
    assert window([8]) == 16
    assert window([1000, 500]) == 3000


def test_a_message_is_at_most_half_of_what_the_smallest_worker_can_hold() -> None:
    assert batch_size([]) == BATCH
    assert batch_size([2 * BATCH, 4 * BATCH]) == BATCH
    assert batch_size([16, 100]) == 8
    assert batch_size([1]) == 1


def test_as_many_tournaments_are_opened_as_bring_what_is_missing() -> None:
    assert to_open(500, 0, 0) == 1
    assert to_open(468, 1, 32) == 15
    assert to_open(10, 4, 0) == 40, "those before brought nothing: the store had their votes"
    assert to_open(10_000, 1, 1) == MOST_OPENED


def test_a_match_that_fails_waits_longer_each_time() -> None:
    waits = [back_off(attempt) for attempt in range(1, ATTEMPTS)]
    assert waits == sorted(waits)
    assert max(waits) <= LONGEST_BACK_OFF
    assert sum(waits) > 600


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


NOW = BrokerFacts(Epoch("now", 1e6), settled=True)


def facts(batch: int = 1, **known: object) -> OutFacts:
    usual: dict[str, object] = {"epoch": "now", "age": 1.0, "seen": None, "holder": None}
    return OutFacts(batch, **(usual | known))  # type: ignore[arg-type]  # a test's shorthand


def test_a_batch_whose_worker_lives_is_never_lost() -> None:
    for epoch in ("now", "before"):
        old = facts(age=1e6, seen=1e6, epoch=epoch, holder=Holder("worker"))
        assert losses([old], NOW, waiting=0) == {}


def test_a_broker_that_lost_its_data_leaves_live_workers_time_to_say_so() -> None:
    before = facts(epoch="before", seen=5.0)
    young = BrokerFacts(Epoch("now", RENEWED - 1), settled=True)
    assert losses([before], young, waiting=9) == {}
    assert losses([before], NOW, waiting=9) == {1: Loss.EPOCH}


def test_a_batch_whose_lease_is_gone_lost_its_worker_once_leases_can_be_trusted() -> None:
    assert losses([facts(seen=3.0)], NOW, waiting=9) == {1: Loss.WORKER}
    assert losses([facts(seen=3.0)], BrokerFacts(NOW.epoch, settled=False), waiting=9) == {}


@pytest.mark.parametrize(
    ("mark", "loss", "grace"),
    [
        (RETURNED, Loss.RETURNED, FLUSHED),
        (BROKEN, Loss.ENGINE, FLUSHED),
        (OVER, Loss.OUTCOMES, FLUSHED),
    ],
)
def test_a_mark_gives_the_last_outcomes_time_to_arrive(mark: str, loss: Loss, grace: float) -> None:
    early, late = (facts(seen=1e6, holder=Holder(mark, grace + more)) for more in (-0.5, 0.5))
    assert losses([early], NOW, waiting=9) == {}
    assert losses([late], NOW, waiting=9) == {1: loss}


@pytest.mark.parametrize("holder", [None, Holder(OVER, 1e6), Holder(RETURNED, 1e6)])
def test_nothing_is_given_up_while_outcomes_of_it_wait_to_be_recorded(
    holder: Holder | None,
) -> None:
    for epoch in ("now", "before"):
        fact = facts(seen=1e6, age=1e6, epoch=epoch, holder=holder, unrecorded=True)
        assert losses([fact], NOW, waiting=0) == {}


def test_a_batch_that_waits_in_the_queue_is_left_alone_however_old() -> None:
    assert losses([facts(age=1e6)], NOW, waiting=1) == {}


def test_a_message_that_nobody_took_is_lost_when_the_queue_is_empty() -> None:
    assert losses([facts(age=GRACE + 1)], NOW, waiting=0) == {1: Loss.MESSAGE}
    assert losses([facts(age=GRACE - 1)], NOW, waiting=0) == {}


def test_an_overtaken_message_is_lost() -> None:
    overtaken = facts(1, age=GRACE + 1)
    overtaker = facts(2, age=GRACE + 1, seen=GRACE + 1, holder=Holder("worker"))
    assert losses([overtaken, overtaker], NOW, waiting=5) == {1: Loss.MESSAGE}
    barely = facts(2, age=GRACE + 1, seen=1.0, holder=Holder("worker"))
    assert losses([overtaken, barely], NOW, waiting=5) == {}


flushes = st.lists(
    st.builds(
        lambda job, matches: Outcomes(0, job, "worker", [MatchReport(m, []) for m in matches]),
        st.sampled_from("abc"),
        st.lists(st.integers(0, 60) | st.integers(1000, 5000), max_size=600),
    ),
    max_size=30,
)


@given(flushes)
def test_what_is_recorded_together_is_of_one_job_and_holds_no_match_twice(
    came: list[Outcomes],
) -> None:
    groups = together(came)
    assert sorted(map(id, (f for group in groups for f in group))) == sorted(map(id, came))
    for group in groups:
        assert len({flush.job for flush in group}) == 1
        held = [{report.match for report in flush.matches} for flush in group]
        assert sum(map(len, held)) == len(set().union(*held))
        assert len(group) == 1 or sum(map(len, held)) <= MOST_RECORDED


@given(flushes)
def test_repeats_of_a_match_are_recorded_in_the_order_in_which_they_came(
    came: list[Outcomes],
) -> None:
    def order(flushes: list[Outcomes]) -> dict[tuple[str, int], list[int]]:
        found: dict[tuple[str, int], list[int]] = {}
        for flush in flushes:
            for match in {report.match for report in flush.matches}:
                found.setdefault((flush.job, match), []).append(id(flush))
        return found

    assert order([flush for group in together(came) for flush in group]) == order(came)
