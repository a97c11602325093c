import random
from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from scipy.stats import beta

from rrm_queue.domain import (
    CandidateNumber,
    DecidedBy,
    Launch,
    NoVerdict,
    OnNoVerdict,
    Order,
    Outcome,
    Stop,
    Verdict,
    Vote,
    Voting,
)
from rrm_queue.errors import PermanentFault
from rrm_queue.judging.evidence import BEFORE, least_lead, sureness
from rrm_queue.judging.voting import (
    Tally,
    awaited,
    coin,
    counted,
    decide,
    needed,
    sample_seed,
    spoilt,
    tally,
    vote_seed,
    wave,
)

A, B = CandidateNumber(3), CandidateNumber(5)
ONE_BY_ONE = [Order.BALANCED, Order.FIXED, Order.RANDOM]

verdicts = st.lists(st.sampled_from(Verdict), min_size=1, max_size=40)


@st.composite
def ballots(draw: st.DrawFn, orders: Sequence[Order] = ONE_BY_ONE) -> tuple[list[Vote], Voting]:
    """All the votes that a match could get, and how it is voted on."""
    order = draw(st.sampled_from(orders))
    size = draw(st.integers(1, 20)) * 2 if order is Order.BOTH else draw(st.integers(1, 40))
    votes = [
        Vote(number, verdict, swapped=swapped, seed=number)
        for number, verdict, swapped in zip(
            count(1),
            draw(st.lists(st.sampled_from(Verdict), min_size=size, max_size=size)),
            draw(st.lists(st.booleans(), min_size=size, max_size=size)),
            strict=False,
        )
    ]
    voting = Voting(
        size,
        order,
        stop=draw(st.sampled_from(Stop)),
        lead=draw(st.integers(1, size)),
        on_no_verdict=draw(st.sampled_from(OnNoVerdict)),
        evidence=draw(st.sampled_from([0.0, 0.7, 0.85, 0.9, 0.97])),
    )
    return votes, voting


def votes_of(said: Sequence[Verdict]) -> list[Vote]:
    return [Vote(n, verdict, swapped=n % 2 == 0, seed=n) for n, verdict in enumerate(said, 1)]


def cast_in_waves(ballot: Sequence[Vote], voting: Voting) -> list[Vote]:
    cast: list[Vote] = []
    while numbers := wave(cast, voting):
        assert numbers == list(range(len(cast) + 1, len(cast) + 1 + len(numbers)))
        cast += [ballot[number - 1] for number in numbers]
    return cast


def enough(cast: Sequence[Vote], voting: Voting) -> bool:
    """The stop rule as the documentation says it, without any arithmetic of waves."""
    margin = 0
    for vote in cast:
        said = counted(vote, voting)
        if said in (Verdict.FIRST, Verdict.SECOND):
            margin += 1 if (said is Verdict.FIRST) is not vote.swapped else -1
    remaining = voting.votes - len(cast)
    decided = abs(margin) > remaining
    return remaining == 0 or (
        voting.stop is not Stop.NEVER
        and (decided or (voting.stop is Stop.LEAD and far_enough(cast, margin, voting)))
    )


def far_enough(cast: Sequence[Vote], margin: int, voting: Voting) -> bool:
    if not voting.evidence:
        return abs(margin) >= voting.lead
    sided = sum(counted(vote, voting) in (Verdict.FIRST, Verdict.SECOND) for vote in cast)
    ahead, behind = (sided + abs(margin)) // 2, (sided - abs(margin)) // 2
    return bool(beta.sf(0.5, BEFORE + ahead, BEFORE + behind) >= voting.evidence)


def cast_stepwise(ballot: Sequence[Vote], voting: Voting, step: int = 1) -> list[Vote]:
    """The votes of the rule that casts `step` votes at a time and then looks."""
    cast: list[Vote] = []
    while not enough(cast, voting):
        cast += ballot[len(cast) : len(cast) + step]
    return cast


def without_failing(voting: Voting) -> bool:
    return voting.on_no_verdict is not OnNoVerdict.FAIL


@given(ballots().filter(lambda given: without_failing(given[1])))
def test_waves_cast_exactly_the_votes_of_the_one_at_a_time_rule(
    match: tuple[list[Vote], Voting],
) -> None:
    assert cast_in_waves(*match) == cast_stepwise(*match)


@given(ballots([Order.BOTH]).filter(lambda given: without_failing(given[1])))
def test_waves_of_both_orders_cast_exactly_the_pairs_of_the_one_pair_at_a_time_rule(
    match: tuple[list[Vote], Voting],
) -> None:
    cast = cast_in_waves(*match)
    assert len(cast) % 2 == 0
    assert cast == cast_stepwise(*match, step=2)


@given(ballots(list(Order)))
def test_no_wave_goes_beyond_a_vote_that_fails_its_match(
    match: tuple[list[Vote], Voting],
) -> None:
    ballot, voting = match
    cast = cast_in_waves(ballot, voting)
    failing = spoilt(cast, voting)
    assert (failing is None) == (
        without_failing(voting) or all(vote.verdict is not Verdict.NONE for vote in cast)
    )
    if failing is not None:
        assert not wave(cast, voting)
        with pytest.raises(PermanentFault, match=f"vote {failing.number} gave no verdict"):
            decide(cast, A, B, voting)


@given(ballots(list(Order)).filter(lambda given: without_failing(given[1])))
def test_a_match_stopped_when_decided_ends_as_with_all_its_votes(
    match: tuple[list[Vote], Voting],
) -> None:
    ballot, voting = match
    if voting.stop is not Stop.LEAD:
        cast = cast_in_waves(ballot, voting)
        assert decide(cast, A, B, voting) == decide(ballot, A, B, voting)


@given(st.integers(0, 40), st.integers(0, 40))
def test_the_evidence_is_the_posterior_of_a_beta_prior(ahead: int, behind: int) -> None:
    exact = beta.sf(0.5, BEFORE + ahead, BEFORE + behind)
    assert sureness(ahead, behind) == pytest.approx(exact, abs=1e-9)


@given(ballots().filter(lambda given: without_failing(given[1])), st.floats(0.51, 0.99))
def test_a_worker_of_a_version_before_casts_no_vote_that_the_evidence_does_not_need(
    match: tuple[list[Vote], Voting], evidence: float
) -> None:
    ballot, voting = match
    least = least_lead(evidence)
    asked = structs.replace(voting, stop=Stop.LEAD, lead=least, evidence=evidence)
    before = cast_in_waves(ballot, structs.replace(asked, evidence=0.0))
    whole = cast_in_waves(ballot, asked)
    assert whole[: len(before)] == before


@given(ballots(list(Order)), st.randoms(use_true_random=False))
def test_votes_that_come_in_any_order_decide_as_all_of_them(
    match: tuple[list[Vote], Voting], chance: random.Random
) -> None:
    ballot, voting = match
    cast: list[Vote] = []
    flying = {vote.number: vote for vote in ballot}
    while flying:
        cast.append(flying.pop(chance.choice(list(flying))))
        wanted = awaited(cast, flying, voting)
        flying = {number: vote for number, vote in flying.items() if number in wanted}
    if spoilt(cast, voting) is not None:
        return
    if voting.order is Order.BOTH:
        assert sum(vote.number % 2 for vote in cast) * 2 == len(cast)
    if voting.stop is Stop.NEVER:
        assert len(cast) == len(ballot)
    if voting.stop is not Stop.LEAD and without_failing(voting):
        assert decide(cast, A, B, voting) == decide(ballot, A, B, voting)


def test_five_thousand_matches_launch_no_vote_too_many_and_end_as_with_all_votes() -> None:
    chance = random.Random(5000)
    launched = one_at_a_time = 0
    for _ in range(5000):
        voting = Voting(chance.choice([1, 2, 3, 4, 5, 8, 16, 33]))
        agreement = chance.choice([0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
        said = [
            Verdict.NONE
            if chance.random() < 0.02
            else (
                Verdict.FIRST if (chance.random() < agreement) == (n % 2 == 1) else Verdict.SECOND
            )
            for n in range(1, voting.votes + 1)
        ]
        ballot = votes_of(said)
        cast = cast_in_waves(ballot, voting)
        launched += len(cast)
        one_at_a_time += len(cast_stepwise(ballot, voting))
        assert decide(cast, A, B, voting) == decide(ballot, A, B, voting)
    assert launched == one_at_a_time
    assert launched < 40_000  # of some 45,000 votes in all


@pytest.mark.parametrize(
    ("so_far", "voting", "more"),
    [
        (Tally(), Voting(1), 1),
        (Tally(), Voting(2), 2),
        (Tally(), Voting(5), 3),
        (Tally(3, 0, 3), Voting(5), 0),
        (Tally(2, 1, 3), Voting(5), 1),
        (Tally(1, 1, 3), Voting(4), 1),
        (Tally(1, 0, 3), Voting(4), 1),
        (Tally(0, 0, 4), Voting(4), 0),
        (Tally(), Voting(5, stop=Stop.NEVER), 5),
        (Tally(3, 0, 3), Voting(5, stop=Stop.NEVER), 2),
        (Tally(), Voting(33, stop=Stop.LEAD, lead=2), 2),
        (Tally(1, 1, 2), Voting(33, stop=Stop.LEAD, lead=2), 2),
        (Tally(2, 1, 3), Voting(33, stop=Stop.LEAD, lead=2), 1),
        (Tally(2, 0, 2), Voting(33, stop=Stop.LEAD, lead=2), 0),
        (Tally(2, 2, 4), Voting(5, stop=Stop.LEAD, lead=2), 1),
        (Tally(), Voting(4, Order.BOTH), 4),
        (Tally(2, 0, 2), Voting(6, Order.BOTH), 2),
        (Tally(), Voting(6, Order.BOTH, stop=Stop.LEAD, lead=1), 2),
    ],
)
def test_a_wave_is_what_the_leading_side_still_needs(
    so_far: Tally, voting: Voting, more: int
) -> None:
    assert needed(so_far, voting) == more


def test_all_votes_are_launched_at_once_and_those_that_were_lost_once_more() -> None:
    voting = Voting(5, launch=Launch.ALL)
    assert wave([], voting) == [1, 2, 3, 4, 5]
    one, two, three, *_ = votes_of([Verdict.FIRST, Verdict.SECOND] * 3)
    assert wave([two], voting) == [1, 3, 4, 5]
    assert not wave([one, two, three], voting)


@given(ballots().filter(lambda given: without_failing(given[1])), st.data())
def test_a_match_that_lost_votes_goes_on_with_those_it_has(
    match: tuple[list[Vote], Voting], data: st.DataObject
) -> None:
    ballot, voting = match
    kept = data.draw(st.lists(st.sampled_from(ballot), unique_by=lambda vote: vote.number))
    cast = list(kept)
    while numbers := wave(cast, voting):
        assert not {vote.number for vote in cast} & set(numbers)
        cast += [ballot[number - 1] for number in numbers]
    if voting.stop is Stop.DECIDED:
        assert decide(cast, A, B, voting) == decide(ballot, A, B, voting)
    assert {vote.number for vote in kept} <= {vote.number for vote in cast}


def test_with_both_orders_a_vote_without_its_counterpart_is_not_the_last() -> None:
    voting = Voting(6, Order.BOTH, stop=Stop.LEAD, lead=1)
    one, two, three, four, *_ = votes_of([Verdict.FIRST, Verdict.SECOND] * 3)
    assert wave([one], voting) == [2]
    assert wave([one, two, three], voting) == [4]
    assert wave([one, two, three, four], voting) == []


def test_a_swapped_vote_counts_for_the_other_side() -> None:
    assert tally([Vote(2, Verdict.FIRST, swapped=True)], Voting()) == Tally(0, 1, 1)


def test_equal_votes_ties_and_no_verdicts_make_a_draw() -> None:
    first_each = votes_of([Verdict.FIRST, Verdict.FIRST])
    assert decide(first_each, A, B, Voting(2)) == Outcome(None, DecidedBy.VOTES)
    assert decide(votes_of([Verdict.TIE]), A, B, Voting()) == Outcome(None)
    assert decide([], A, B, Voting()) == Outcome(None)


@pytest.mark.parametrize("policy", [OnNoVerdict.ABSTAIN, OnNoVerdict.DRAW])
def test_votes_without_a_verdict_move_neither_side(policy: OnNoVerdict) -> None:
    votes = votes_of([Verdict.NONE, Verdict.FIRST, Verdict.TIE])
    assert decide(votes, A, B, Voting(3, on_no_verdict=policy)) == Outcome(B)
    assert decide(votes[:1], A, B, Voting(1, on_no_verdict=policy)) == Outcome(None)


def test_a_coin_for_a_vote_without_a_verdict_depends_on_its_seed_and_is_fair() -> None:
    voting = Voting(1, on_no_verdict=OnNoVerdict.COIN)
    votes = [Vote(1, Verdict.NONE, seed=seed) for seed in range(4000)]
    said = [counted(vote, voting) for vote in votes]
    assert said == [counted(vote, voting) for vote in votes]
    assert 1850 < said.count(Verdict.FIRST) < 2150
    assert said.count(Verdict.FIRST) + said.count(Verdict.SECOND) == 4000


def test_a_vote_without_a_verdict_fails_its_match_where_that_is_the_rule() -> None:
    unread = Vote(2, Verdict.NONE, no_verdict=NoVerdict.TRUNCATED)
    votes = [Vote(1, Verdict.FIRST), unread]
    voting = Voting(5, on_no_verdict=OnNoVerdict.FAIL)
    with pytest.raises(PermanentFault, match="vote 2 gave no verdict: truncated"):
        decide(votes, A, B, voting)
    assert not awaited(votes, [3, 4, 5], voting)
    assert decide(votes, A, B, Voting(5)) == Outcome(A)


def test_a_vote_in_flight_is_awaited_while_it_can_matter() -> None:
    first = [Vote(number, Verdict.FIRST) for number in (1, 4, 5)]
    assert awaited(first[:2], [2, 3, 5], Voting(5)) == {2, 3, 5}
    assert awaited(first, [2, 3], Voting(5)) == set()
    assert awaited(first, [2, 3, 6], Voting(6, Order.BOTH, stop=Stop.LEAD, lead=3)) == {2, 3, 6}
    assert awaited(first, [2, 3, 6], Voting(6, stop=Stop.NEVER)) == {2, 3, 6}


def test_the_samples_of_a_vote_have_seeds_of_their_own_and_the_first_has_the_votes() -> None:
    seeds = [sample_seed(7, sample) for sample in range(1, 5)]
    assert seeds[0] == 7
    assert len(set(seeds)) == 4
    assert all(0 <= seed < 2**31 for seed in seeds)


@given(st.integers(0, 2**63 - 1), st.integers(1, 20), st.integers(0, 10**6))
def test_a_coin_does_not_depend_on_the_order_of_the_pair(seed: int, round_: int, slot: int) -> None:
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
