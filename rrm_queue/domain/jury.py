"""A jury: several judges vote on a match, each as if it were its only judge.

The votes 1 to k of a match are the first judge's, k + 1 to 2 k the second's, and so on. A judge
casts its own vote 1 with the seed and in the order that it would have alone, so that a vote which
was paid for serves either way.
"""

from collections.abc import Iterable, Sequence

from msgspec import structs

from rrm_queue.domain.judging import JudgeSpec, Vote, Voting


def members(judge: JudgeSpec) -> tuple[JudgeSpec, ...]:
    """The judges of a jury, or the judge itself."""
    return judge.jury or (judge,)


def alone(voting: Voting) -> Voting:
    """How each judge of a jury votes."""
    if voting.judges == 1:
        return voting
    return structs.replace(voting, votes=voting.votes // voting.judges, judges=1)


def own_number(number: int, voting: Voting) -> int:
    """The vote's number among its judge's own votes, from 1."""
    return (number - 1) % (voting.votes // voting.judges) + 1


def judge_of(judge: JudgeSpec, number: int, voting: Voting) -> JudgeSpec:
    """The judge that casts vote `number`."""
    place = (number - 1) // (voting.votes // voting.judges)
    return members(judge)[place] if judge.jury else judge


def by_judge(votes: Iterable[Vote], voting: Voting) -> list[list[Vote]]:
    """Each judge's votes with its own numbers."""
    if voting.judges == 1:
        return [list(votes)]
    each = voting.votes // voting.judges
    held: list[list[Vote]] = [[] for _ in range(voting.judges)]
    for vote in votes:
        own = structs.replace(vote, number=own_number(vote.number, voting))
        held[(vote.number - 1) // each].append(own)
    return held


def in_jury(own: Iterable[int], place: int, voting: Voting) -> Sequence[int]:
    """The numbers in their match of votes of the judge at `place`, from their own numbers."""
    each = voting.votes // voting.judges
    return [number + place * each for number in own]
