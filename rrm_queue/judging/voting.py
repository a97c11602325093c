"""Voting: how many votes to cast, which outcome they give, and the seed of each."""

from collections.abc import Collection, Iterable
from typing import assert_never

from msgspec import Struct, structs

from rrm_queue.domain import (
    CandidateNumber,
    Launch,
    OnNoVerdict,
    Order,
    Outcome,
    Stop,
    Verdict,
    Vote,
    Voting,
)
from rrm_queue.domain.jury import alone, by_judge, in_jury
from rrm_queue.errors import PermanentFault
from rrm_queue.judging.evidence import more_votes
from rrm_queue.seeds import derive


class Tally(Struct, frozen=True):
    """How many votes were cast and how many of them each side has.

    Draws and votes without a verdict count for neither side: they change no lead and no winner.
    """

    first: int = 0
    second: int = 0
    cast: int = 0

    @property
    def lead(self) -> int:
        """How many votes the leading side is ahead."""
        return abs(self.first - self.second)


def counted(vote: Vote, voting: Voting) -> Verdict:
    """The verdict that counts: the vote's own or, if it gave none, what `on_no_verdict` says.

    `tie` and `none` count for neither side. A coin picks the slot by the vote's seed.
    """
    if vote.verdict is Verdict.NONE and voting.on_no_verdict is OnNoVerdict.COIN:
        return Verdict.FIRST if derive("no verdict", vote.seed) & 1 else Verdict.SECOND
    if vote.verdict is Verdict.NONE and voting.on_no_verdict is OnNoVerdict.DRAW:
        return Verdict.TIE
    return vote.verdict


def tally(votes: Iterable[Vote], voting: Voting) -> Tally:
    """The tally of the votes. Verdicts of swapped votes are turned back."""
    first = second = cast = 0
    for vote in votes:
        cast += 1
        verdict = counted(vote, voting)
        if verdict is Verdict.FIRST or verdict is Verdict.SECOND:
            for_first = (verdict is Verdict.FIRST) is not vote.swapped
            first += for_first
            second += not for_first
    return Tally(first, second, cast)


def needed(so_far: Tally, voting: Voting) -> int:
    """How many more votes are certainly needed; 0 when the match has enough.

    This is the fewest votes after which the stop rule could hold: as many as the leading side still
    lacks. So no vote is wasted: casting one vote at a time would cast all of them too. With
    `Order.BOTH` a step of the rule is a pair of votes, one in each order.
    """
    remaining = voting.votes - so_far.cast
    if remaining <= 0:
        return 0
    lacking = _lacking(so_far, remaining, voting)
    if voting.order is Order.BOTH and voting.stop is not Stop.NEVER:
        lacking += (so_far.cast + lacking) % 2 if lacking else 0
    return min(lacking, remaining)


def _lacking(so_far: Tally, remaining: int, voting: Voting) -> int:
    """How many votes the leading side lacks until the stop rule holds; 0 when it holds."""
    lead = so_far.lead
    undecided = 0 if lead > remaining else (remaining - lead) // 2 + 1
    match voting.stop:
        case Stop.NEVER:
            return remaining
        case Stop.DECIDED:
            return undecided
        case Stop.LEAD if voting.evidence:
            behind, ahead = sorted((so_far.first, so_far.second))
            return more_votes(ahead, behind, voting.evidence, most=undecided)
        case Stop.LEAD:
            return min(undecided, max(voting.lead - lead, 0))
        case _:
            assert_never(voting.stop)


def wave(votes: Collection[Vote], voting: Voting) -> list[int]:
    """The numbers of the votes to launch next: the lowest that were not cast; none when enough.

    There are gaps in the numbers when an earlier attempt lost some of its votes. With `Order.BOTH`
    the vote in the other order is always cast too.
    """
    if spoilt(votes, voting) is not None:
        return []
    if voting.judges > 1:
        own = alone(voting)
        return [
            number
            for place, held in enumerate(by_judge(votes, voting))
            for number in in_jury(wave(held, own), place, voting)
        ]
    cast = {vote.number for vote in votes}
    lacking = needed(tally(votes, voting), voting)
    if not lacking:
        return sorted(_fellows(cast) - cast) if voting.order is Order.BOTH else []
    missing = [number for number in range(1, voting.votes + 1) if number not in cast]
    return missing if voting.launch is Launch.ALL else missing[:lacking]


def as_sent(voting: Voting, held: Iterable[Collection[Vote]]) -> Voting:
    """The voting of a batch whose matches hold these votes, so that any worker goes on with it.

    A worker of the version before knows no evidence and stops at `lead`. So that is the least lead
    at which a match of the batch may stop: no vote too many, and at least one for one of them.
    """
    if not voting.evidence:
        return voting
    own = alone(voting)
    tallies = [tally(votes, own) for all_ in held for votes in by_judge(all_, voting)]
    lacking = [(so_far.lead, needed(so_far, own)) for so_far in tallies]
    return structs.replace(
        voting, lead=min((lead + more for lead, more in lacking if more), default=voting.lead)
    )


def awaited(cast: Collection[Vote], in_flight: Iterable[int], voting: Voting) -> set[int]:
    """The numbers of the votes in flight that are worth waiting for.

    All of them while the match needs votes. Afterwards none, except with `Order.BOTH`: then those
    whose counterpart in the other order was cast. The votes that arrived first decide the lead.
    """
    if spoilt(cast, voting) is not None:
        return set()
    if voting.judges > 1:
        return _awaited_of_jury(cast, in_flight, voting)
    if needed(tally(cast, voting), voting):
        return set(in_flight)
    if voting.order is not Order.BOTH:
        return set()
    return _fellows(vote.number for vote in cast).intersection(in_flight)


def _awaited_of_jury(cast: Collection[Vote], in_flight: Iterable[int], voting: Voting) -> set[int]:
    """The same for each judge of a jury, whatever the others have said."""
    own, each = alone(voting), voting.votes // voting.judges
    flying = list(in_flight)
    return {
        number
        for place, held in enumerate(by_judge(cast, voting))
        for number in in_jury(
            awaited(held, [n - place * each for n in flying if (n - 1) // each == place], own),
            place,
            voting,
        )
    }


def _fellows(numbers: Iterable[int]) -> set[int]:
    """The votes that show the same answers in the other order: 1 and 2, 3 and 4."""
    return {((number - 1) ^ 1) + 1 for number in numbers}


def spoilt(votes: Iterable[Vote], voting: Voting) -> Vote | None:
    """The first vote that fails its match because it gave no verdict."""
    if voting.on_no_verdict is not OnNoVerdict.FAIL:
        return None
    return next((vote for vote in votes if vote.verdict is Verdict.NONE), None)


def decide(votes: Collection[Vote], first: int, second: int, voting: Voting) -> Outcome:
    """The outcome of a match between two candidates: more votes win, equal votes are a draw.

    In a jury each judge has one voice, that of its own outcome: more voices win.

    Raises PermanentFault for a vote without a verdict where `on_no_verdict` is `fail`.
    """
    failing = spoilt(votes, voting)
    if failing is not None:
        raise PermanentFault(f"vote {failing.number} gave no verdict: {failing.no_verdict}")
    lead = sum(_side(tally(own, voting)) for own in by_judge(votes, voting))
    if not lead:
        return Outcome(None)
    return Outcome(CandidateNumber(first if lead > 0 else second))


def _side(total: Tally) -> int:
    """1 where more votes are for the first candidate, -1 for the second, 0 for neither."""
    return (total.first > total.second) - (total.first < total.second)


def coin(first: CandidateNumber, second: CandidateNumber, *parts: int | str) -> CandidateNumber:
    """The winner of a drawn match that needs one. The coin depends on the parts alone.

    The order in which the pair is named does not matter.
    """
    heads = derive("coin", *parts, min(first, second), max(first, second)) & 1
    return min(first, second) if heads else max(first, second)


def vote_seed(seed: int, prompt: str, one: str, two: str, number: int) -> int:
    """The seed of vote `number` on the answers in slots 1 and 2, under the job's seed.

    Below 2**31, which every endpoint accepts.
    """
    return derive(seed, "vote", prompt, one, two, number) >> 32


def sample_seed(seed: int, sample: int) -> int:
    """The seed of a vote's sample (from 1), below 2**31. Sample 1 has the seed of the vote."""
    return seed if sample == 1 else derive(seed, "sample", sample) >> 32
