"""Several judges on one match: whose vote it is, when there are enough, and who wins."""

from collections.abc import Sequence
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from rrm_queue.domain import (
    CandidateNumber,
    JudgeSpec,
    OnNoVerdict,
    Outcome,
    Stop,
    Verdict,
    Vote,
    Voting,
)
from rrm_queue.domain.jury import alone, by_judge, judge_of, own_number
from rrm_queue.errors import UsageFault
from rrm_queue.judging.kinds import JURY, find_judge, kind_of, queue_of, served_kind, worker_queue
from rrm_queue.judging.spec import jury_of
from rrm_queue.judging.vote_key import vote_key
from rrm_queue.judging.vote_request import VoteRequest, vote_request
from rrm_queue.judging.voting import awaited, decide, wave
from rrm_queue.messages import Answer

A, B = CandidateNumber(3), CandidateNumber(5)
NAMES = [JudgeSpec("openai", name, base_url="http://127.0.0.1:9/v1") for name in "abc"]
TRIO = jury_of(NAMES)

sizes = st.tuples(st.integers(2, 4), st.integers(1, 9))


@st.composite
def ballots(draw: st.DrawFn) -> tuple[list[Vote], Voting]:
    """All the votes that a match could get from a jury, and how it is voted on."""
    judges, each = draw(sizes)
    total = judges * each
    voting = Voting(
        total,
        judges=judges,
        stop=draw(st.sampled_from([Stop.DECIDED, Stop.NEVER])),
        on_no_verdict=draw(st.sampled_from([OnNoVerdict.ABSTAIN, OnNoVerdict.DRAW])),
    )
    said = draw(st.lists(st.sampled_from(Verdict), min_size=total, max_size=total))
    turned = draw(st.lists(st.booleans(), min_size=total, max_size=total))
    votes = [
        Vote(n, verdict, swapped, seed=n)
        for n, (verdict, swapped) in enumerate(zip(said, turned, strict=True), 1)
    ]
    return votes, voting


def cast_in_waves(ballot: Sequence[Vote], voting: Voting) -> list[Vote]:
    cast: list[Vote] = []
    while numbers := wave(cast, voting):
        assert not {vote.number for vote in cast} & set(numbers)
        cast += [ballot[number - 1] for number in numbers]
    return cast


@given(ballots())
def test_stopping_early_gives_what_all_votes_give(held: tuple[list[Vote], Voting]) -> None:
    ballot, voting = held
    cast = cast_in_waves(ballot, voting)
    assert decide(cast, A, B, voting) == decide(ballot, A, B, voting)


@given(ballots())
def test_each_judge_votes_as_it_would_alone_and_has_one_voice(
    held: tuple[list[Vote], Voting],
) -> None:
    ballot, voting = held
    cast, own = cast_in_waves(ballot, voting), alone(voting)
    lead = 0
    for theirs, all_theirs in zip(by_judge(cast, voting), by_judge(ballot, voting), strict=True):
        assert theirs == cast_in_waves(all_theirs, own)
        winner = decide(theirs, A, B, own).winner
        lead += (winner == A) - (winner == B)
    expected = None if not lead else A if lead > 0 else B
    assert decide(cast, A, B, voting).winner == expected


@given(ballots(), st.data())
def test_votes_in_flight_are_awaited_as_each_judge_needs_them(
    held: tuple[list[Vote], Voting], data: st.DataObject
) -> None:
    ballot, voting = held
    cast = data.draw(st.lists(st.sampled_from(ballot), unique_by=lambda vote: vote.number))
    flying = {vote.number for vote in ballot} - {vote.number for vote in cast}
    wanted = awaited(cast, flying, voting)
    assert wanted <= flying
    assert bool(wanted) == bool(wave(cast, voting))


def test_two_against_one_wins_however_clear_the_one_is_and_one_against_one_is_a_draw() -> None:
    def three_each(*winners: Verdict) -> list[Vote]:
        said = [[verdict] * 3 for verdict in winners]
        return [Vote(n, v, seed=n) for n, v in enumerate(chain(*said), 1)]

    split = [Vote(n, v) for n, v in enumerate([Verdict.FIRST, Verdict.SECOND, Verdict.FIRST], 1)]
    trio = three_each(Verdict.FIRST, Verdict.SECOND, Verdict.FIRST)
    trio[:3] = split  # 2 : 1, 0 : 3 and 3 : 0
    assert decide(trio, A, B, Voting(9, judges=3)) == Outcome(A)
    pair = three_each(Verdict.FIRST, Verdict.SECOND)
    assert decide(pair, A, B, Voting(6, judges=2)) == Outcome(None)
    tied = three_each(Verdict.FIRST, Verdict.TIE)
    assert decide(tied, A, B, Voting(6, judges=2)) == Outcome(A)


def asked(number: int, judge: JudgeSpec, voting: Voting) -> VoteRequest:
    return vote_request(
        tournament="t", prompt="p", reference=None, criteria=None,
        first=Answer(0, "x", "one"), second=Answer(1, "y", "two"),
        number=number, judge=judge, voting=voting, seed=7,
    )  # fmt: skip


@pytest.mark.parametrize("number", range(1, 10))
def test_a_vote_is_the_one_that_its_judge_would_cast_alone(number: int) -> None:
    voting = Voting(9, judges=3)
    place, own = (number - 1) // 3, (number - 1) % 3 + 1
    mine, lone = asked(number, TRIO, voting), asked(own, NAMES[place], alone(voting))
    assert (own_number(number, voting), judge_of(TRIO, number, voting)) == (own, NAMES[place])
    assert (mine.judge, mine.seed, mine.swapped) == (lone.judge, lone.seed, lone.swapped)
    assert vote_key(mine, 2) == vote_key(lone, 2)
    assert mine.number == number


def test_one_judge_is_what_it_was() -> None:
    assert alone(Voting(5)) == Voting(5)
    assert jury_of(NAMES[:1]).jury == (NAMES[0],)
    assert own_number(4, Voting(5)) == 4


def test_what_a_jury_is_to_the_queue() -> None:
    assert queue_of(TRIO) == worker_queue("jury") == "rrmq.judge.jury"
    assert served_kind("jury") == JURY
    mixed = kind_of(jury_of([NAMES[0], JudgeSpec("reference")]))
    assert (mixed.costs, mixed.writes, mixed.needs_reference, mixed.needs_gold) == (
        True, True, True, False,
    )  # fmt: skip
    assert str(TRIO) == "openai:a + openai:b + openai:c"
    with pytest.raises(UsageFault, match="unknown judge"):
        find_judge("jury")


def test_judges_that_cannot_be_in_one() -> None:
    with pytest.raises(UsageFault, match="workers of its own"):
        jury_of([NAMES[0], JudgeSpec("sglang", "rrm-7b")])
    with pytest.raises(UsageFault, match="named twice"):
        jury_of([NAMES[0], structs.replace(NAMES[0])])
