"""How much of the broker's memory messages may take."""

from rrm_queue.coordinator.byte_budget import (
    MOST_BYTES,
    TextBytes,
    budget,
    fitting_batches,
    fitting_matches,
    free_bytes,
)
from rrm_queue.domain import CandidateNumber, JobId, JudgeSpec, MatchId, TournamentId, Voting
from rrm_queue.messages import JudgeBatch
from rrm_queue.store.queue.dispatching import ReadyMatch

ONE, TWO = TournamentId(1), TournamentId(2)


def match(tournament: TournamentId, first: int, second: int) -> ReadyMatch:
    numbers = (CandidateNumber(first), CandidateNumber(second))
    return ReadyMatch(MatchId(0), JobId("a"), tournament, *numbers)


SIZES = TextBytes(
    {ONE: 10, TWO: 10},
    {(place, CandidateNumber(number)): 100 for place in (ONE, TWO) for number in range(3)},
)
MATCHES = [match(ONE, 0, 1), match(ONE, 1, 2), match(ONE, 0, 2), match(TWO, 0, 1)]


def test_a_brokers_own_limit_bounds_what_is_out() -> None:
    assert budget(0) == MOST_BYTES
    assert budget(300) == 100
    assert budget(100 * MOST_BYTES) == MOST_BYTES


def test_nothing_is_sent_before_an_eighth_is_free() -> None:
    assert free_bytes(800, 0) == 800
    assert free_bytes(800, 700) == 100
    assert free_bytes(800, 701) == 0
    assert free_bytes(800, 900) == 0


def test_texts_that_matches_share_count_once() -> None:
    assert fitting_matches(MATCHES, SIZES, 209, alone=False) == []
    assert fitting_matches(MATCHES, SIZES, 210, alone=False) == MATCHES[:1]
    assert fitting_matches(MATCHES, SIZES, 310, alone=False) == MATCHES[:3]
    assert fitting_matches(MATCHES, SIZES, 520, alone=False) == MATCHES


def test_what_is_larger_than_any_room_goes_alone() -> None:
    assert fitting_matches(MATCHES, SIZES, 1, alone=True) == MATCHES[:1]
    assert sent([("a", 50), ("a", 1)], 10, {"a"}) == [50]
    assert sent([("a", 50), ("a", 11)], 10, set()) == []
    assert sent([("a", 5), ("a", 5), ("a", 1)], 10, {"a"}) == [5, 5]


def test_only_one_job_may_go_beyond_the_room() -> None:
    assert sent([("a", 50), ("b", 50), ("c", 1)], 10, {"a", "b"}) == [50]
    assert sent([("a", 9), ("b", 50), ("c", 1)], 10, {"b"}) == [9, 50]


def sent(batches: list[tuple[str, int]], room: int, alone: set[str]) -> list[int]:
    """The bytes of what fits, of batches by job and bytes."""
    judge, voting = JudgeSpec("reference"), Voting()
    made = [(JudgeBatch(0, job, judge, [], [], voting, 0), size) for job, size in batches]
    return [size for _, size in fitting_batches(made, room, alone)]
