"""Which matches share a message, and which flushes a transaction."""

from collections import Counter
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.coordinator.batching import (
    BATCH,
    BATCH_TEXT,
    MOST_RECORDED,
    batch_size,
    batches,
    shared,
    together,
)
from rrm_queue.domain import JudgeSpec, Voting
from rrm_queue.messages import BatchMatch, JudgeBatch, MatchReport, Outcomes, SharedMessage


class Match(NamedTuple):
    tournament: int
    first: int
    number: int


matches = st.lists(st.builds(Match, st.integers(0, 5), st.integers(0, 9), st.integers()))


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
        having = [b for b in formed if any((m.tournament, m.first) == group for m in b)]
        assert size > BATCH or len(having) == 1


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


def test_a_message_is_at_most_half_of_what_the_smallest_worker_can_hold() -> None:
    assert batch_size([]) == BATCH
    assert batch_size([2 * BATCH, 4 * BATCH]) == BATCH
    assert batch_size([16, 100]) == 8
    assert batch_size([1]) == 1


def test_a_few_small_workers_that_split_messages_do_not_make_them_small() -> None:
    assert batch_size([64] * 999 + [2]) == 1
    assert batch_size([64] * 999 + [2], splitting=True) == 32
    assert batch_size([64] * 4 + [2, 2], splitting=True) == 32
    assert batch_size([64, 2, 2, 2], splitting=True) == 1, "these have one place in twelve"
    assert batch_size([2, 2], splitting=True) == 1
    assert batch_size([], splitting=True) == 256


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(1, 3_000_000)), max_size=60),
    st.integers(1, 64),
)
def test_shared_messages_hold_every_batch_once_in_order_and_within_bounds(
    wanted: list[tuple[int, int]], most: int
) -> None:
    made = [
        JudgeBatch(
            n, f"job {n}", JudgeSpec("reference"), [], [BatchMatch(0, 0, 1)] * size, Voting(), 0
        )
        for n, (size, _) in enumerate(wanted)
    ]
    bytes_of = {batch.batch: size for batch, (_, size) in zip(made, wanted, strict=True)}
    messages = shared(made, bytes_of.values(), most)
    held = [m.batches if isinstance(m, SharedMessage) else [m] for m in messages]
    assert [batch for group in held for batch in group] == made
    for message, group in zip(messages, held, strict=True):
        if isinstance(message, SharedMessage):
            assert len(group) > 1
            assert sum(len(batch.matches) for batch in group) <= most
            assert sum(bytes_of[batch.batch] for batch in group) <= BATCH_TEXT
    for one, two in pairwise(held):
        both = [*one, two[0]]
        assert (
            sum(len(batch.matches) for batch in both) > most
            or sum(bytes_of[batch.batch] for batch in both) > BATCH_TEXT
        ), "a batch begins a message only where it does not fit the one before"


flushes = st.lists(
    st.builds(
        lambda job, matches: Outcomes(0, job, "worker", [MatchReport(m, []) for m in matches]),
        st.sampled_from("abc"),
        st.lists(st.integers(0, 60) | st.integers(1000, 5000), max_size=600),
    ),
    max_size=30,
)


@given(flushes)
def test_what_is_recorded_together_holds_no_match_twice_and_is_no_more_than_it_may_be(
    came: list[Outcomes],
) -> None:
    groups = together(came)
    assert sorted(map(id, (f for group in groups for f in group))) == sorted(map(id, came))
    for group in groups:
        held = [{report.match for report in flush.matches} for flush in group]
        assert sum(map(len, held)) == len(set().union(*held))
        assert len(group) == 1 or sum(map(len, held)) <= MOST_RECORDED


@given(flushes)
def test_repeats_of_a_match_are_recorded_in_the_order_in_which_they_came(
    came: list[Outcomes],
) -> None:
    def order(flushes: list[Outcomes]) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for flush in flushes:
            for match in {report.match for report in flush.matches}:
                found.setdefault(match, []).append(id(flush))
        return found

    assert order([flush for group in together(came) for flush in group]) == order(came)
