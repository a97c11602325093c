"""How much of the broker's memory messages may take."""

from rrm_queue.coordinator.byte_budget import (
    MOST_BYTES,
    budget,
    fitting_matches,
    fitting_messages,
    free_bytes,
)
from rrm_queue.domain import CandidateNumber, MatchId, TournamentId
from rrm_queue.store.queue.dispatching import ReadyMatch, TextBytes

ONE, TWO = TournamentId(1), TournamentId(2)


def match(tournament: TournamentId, first: int, second: int) -> ReadyMatch:
    return ReadyMatch(MatchId(0), tournament, CandidateNumber(first), CandidateNumber(second))


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
    assert fitting_messages([50, 1], 10, alone=True) == 1
    assert fitting_messages([50, 1], 10, alone=False) == 0
    assert fitting_messages([5, 5, 1], 10, alone=True) == 2
