from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.domain import CandidateNumber, DecidedBy, Outcome, Verdict
from rrm_queue.judging.orientation import swapped
from rrm_queue.judging.voting import Tally, coin, decide, needed, tally, vote_seed
from rrm_queue.messages import Vote

A, B = CandidateNumber(3), CandidateNumber(5)

verdicts = st.lists(st.sampled_from(Verdict), min_size=1, max_size=40)


def votes_of(said: Sequence[Verdict]) -> list[Vote]:
    return [Vote(n, verdict, swapped=swapped(n)) for n, verdict in enumerate(said, 1)]


def cast_in_waves(ballot: Sequence[Vote]) -> list[Vote]:
    cast: list[Vote] = []
    while wave := needed(tally(cast), len(ballot)):
        cast += ballot[len(cast) : len(cast) + wave]
    return cast


def cast_one_at_a_time(ballot: Sequence[Vote]) -> list[Vote]:
    for count in range(len(ballot)):
        so_far = tally(ballot[:count])
        if abs(so_far.first - so_far.second) > len(ballot) - count:
            return list(ballot[:count])
    return list(ballot)


@given(verdicts)
def test_waves_cast_exactly_the_votes_of_the_one_at_a_time_rule(said: list[Verdict]) -> None:
    ballot = votes_of(said)
    assert cast_in_waves(ballot) == cast_one_at_a_time(ballot)


@given(verdicts)
def test_a_match_stopped_early_ends_as_with_all_its_votes(said: list[Verdict]) -> None:
    ballot = votes_of(said)
    assert decide(cast_in_waves(ballot), A, B) == decide(ballot, A, B)


@given(verdicts)
def test_a_wave_never_asks_for_more_votes_than_remain(said: list[Verdict]) -> None:
    ballot = votes_of(said)
    for count in range(len(ballot) + 1):
        assert 0 <= needed(tally(ballot[:count]), len(ballot)) <= len(ballot) - count


@pytest.mark.parametrize(
    ("so_far", "votes", "wave"),
    [
        (Tally(), 1, 1),
        (Tally(), 2, 2),
        (Tally(), 5, 3),
        (Tally(3, 0, 3), 5, 0),
        (Tally(2, 1, 3), 5, 1),
        (Tally(1, 1, 3), 4, 1),
        (Tally(1, 0, 3), 4, 1),
        (Tally(0, 0, 4), 4, 0),
    ],
)
def test_a_wave_is_what_the_leading_side_still_needs(so_far: Tally, votes: int, wave: int) -> None:
    assert needed(so_far, votes) == wave


def test_a_swapped_vote_counts_for_the_other_side() -> None:
    assert tally([Vote(2, Verdict.FIRST, swapped=True)]) == Tally(0, 1, 1)


def test_equal_votes_ties_and_no_verdicts_make_a_draw() -> None:
    first_each = votes_of([Verdict.FIRST, Verdict.FIRST])
    assert decide(first_each, A, B) == Outcome(None, DecidedBy.VOTES)
    assert decide(votes_of([Verdict.TIE]), A, B) == Outcome(None)
    assert decide([], A, B) == Outcome(None)


def test_votes_without_a_verdict_are_nobodys() -> None:
    assert decide(votes_of([Verdict.NONE, Verdict.FIRST, Verdict.TIE]), A, B) == Outcome(B)


@given(st.integers(0, 2**63 - 1), st.integers(1, 20), st.integers(0, 10**6))
def test_a_coin_falls_alike_whoever_is_named_first(seed: int, round_: int, slot: int) -> None:
    winner = coin(A, B, seed, round_, slot)
    assert winner in {A, B}
    assert winner == coin(B, A, seed, round_, slot)


def test_a_coin_is_fair() -> None:
    wins = sum(coin(A, B, 7, slot) == A for slot in range(4000))
    assert 1850 < wins < 2150


def test_a_votes_seed_depends_on_everything_it_is_made_of() -> None:
    seeds = {
        vote_seed(1, "p", "a", "b", 1),
        vote_seed(2, "p", "a", "b", 1),
        vote_seed(1, "q", "a", "b", 1),
        vote_seed(1, "p", "b", "a", 1),
        vote_seed(1, "p", "a", "b", 2),
        vote_seed(1, "pa", "", "b", 1),
    }
    assert len(seeds) == 6
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_a_votes_seed_is_the_same_in_every_process_and_version() -> None:
    assert vote_seed(1, "prompt", "one", "two", 1) == 379368396
