"""Reuse: a match brings the votes that it has, and takes those that an earlier job paid for."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import structs

from rrm_queue.domain import MatchId, OnNoVerdict, Verdict, Vote, Voting
from rrm_queue.judging.kinds import kind_of
from rrm_queue.judging.vote_key import vote_key
from rrm_queue.judging.vote_request import Answers, answers_by_number, batch_vote_request
from rrm_queue.judging.voting import wave
from rrm_queue.messages import BatchMatch, JudgeBatch
from rrm_queue.store.database import Transaction
from rrm_queue.store.queue import paid_votes as votes
from rrm_queue.store.queue.paid_votes import Reuse


def bring_votes(tx: Transaction, batches: Sequence[JudgeBatch]) -> tuple[list[JudgeBatch], int]:
    """The batches with their matches' votes, and how many of these were taken from other jobs."""
    in_hand = votes.in_hand(tx, [match.match for batch in batches for match in batch.matches])
    brought = [
        structs.replace(
            batch,
            matches=[
                structs.replace(match, votes=in_hand.get(match.match, []))
                for match in batch.matches
            ],
        )
        for batch in batches
    ]
    if not batches or not kind_of(batches[0].judge).costs:
        return brought, 0
    wanted = {match: keys for batch in brought for match, keys in _wanted(batch).items()}
    found = votes.paid(tx, {one.key for keys in wanted.values() for one in keys})
    if not found:
        return brought, 0
    taken: list[Reuse] = []
    helped = [_helped(batch, wanted, found, taken) for batch in brought]
    votes.reuse(tx, taken)
    return helped, len(taken)


def _wanted(batch: JudgeBatch) -> dict[int, list[Reuse]]:
    """Every vote that the batch's matches may still need, by match."""
    answers = answers_by_number(batch)
    return {match.match: _of_match(batch, answers, match) for match in batch.matches}


def _of_match(batch: JudgeBatch, answers: Answers, match: BatchMatch) -> list[Reuse]:
    cast = {vote.number for vote in match.votes}
    wanted = []
    for number in range(1, batch.voting.votes + 1):
        if number not in cast:
            request = batch_vote_request(batch, answers, match, number)
            key = vote_key(request, batch.voting.resamples)
            wanted.append(Reuse(MatchId(match.match), number, request.swapped, key))
    return wanted


def _helped(
    batch: JudgeBatch,
    wanted: Mapping[int, Sequence[Reuse]],
    found: Mapping[UUID, Vote],
    taken: list[Reuse],
) -> JudgeBatch:
    """The batch with the votes that were found; adds to `taken` which these are."""
    matches = []
    for match in batch.matches:
        known = {
            one.number: one for one in wanted[match.match] if _serves(found.get(one.key), batch)
        }
        uses = useful(match.votes, known, found, batch.voting)
        taken += [known[vote.number] for vote in uses]
        matches.append(structs.replace(match, votes=[*match.votes, *uses]))
    return structs.replace(batch, matches=matches)


def _serves(vote: Vote | None, batch: JudgeBatch) -> bool:
    """Whether a vote that was found helps; one that would fail its match is cast anew."""
    failing = batch.voting.on_no_verdict is OnNoVerdict.FAIL
    return vote is not None and not (failing and vote.verdict is Verdict.NONE)


def useful(
    in_hand: Sequence[Vote],
    known: Mapping[int, Reuse],
    found: Mapping[UUID, Vote],
    voting: Voting,
) -> list[Vote]:
    """The known votes that the match would have cast by itself, in waves, one after another.

    None beyond them: a decided match takes no more votes than one that pays for its own.
    """
    uses: list[Vote] = []
    while numbers := [n for n in wave([*in_hand, *uses], voting) if n in known]:
        uses += [
            structs.replace(found[known[n].key], number=n, swapped=known[n].swapped)
            for n in numbers
        ]
    return uses
