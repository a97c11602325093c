"""Reuse: a match brings the votes that it has, and takes those that an earlier job paid for."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from uuid import UUID

from msgspec import structs

from rrm_queue.coordinator.judge_batch import Texts
from rrm_queue.domain import JobId, MatchId, Vote, Voting
from rrm_queue.domain.jury import members
from rrm_queue.judging.kinds import judge_name, kind_of
from rrm_queue.judging.vote_key import vote_key
from rrm_queue.judging.voting import wave
from rrm_queue.store.database import Transaction
from rrm_queue.store.queue import paid_votes
from rrm_queue.store.queue.active_jobs import ActiveJob
from rrm_queue.store.queue.dispatching import ReadyMatch
from rrm_queue.store.queue.paid_votes import Reuse


def bring_votes(
    tx: Transaction,
    jobs: Mapping[JobId, ActiveJob],
    matches: Sequence[ReadyMatch],
    texts: Texts,
    models: Set[str] | None,
) -> tuple[dict[MatchId, list[Vote]], Counter[JobId]]:
    """The votes that claimed matches have, and how many each job took from others.

    The jobs are of one judge. Only votes of what answers now are taken: `models` as the live
    workers say it, or where these do not know it before it answers (None), what gave the judge's
    newest vote.
    """
    in_hand = paid_votes.in_hand(tx, [match.id for match in matches])
    votes = {match.id: in_hand.get(match.id, []) for match in matches}
    judge = next((job.judge for job in jobs.values()), None)
    if judge is None or not kind_of(judge).costs:
        return votes, Counter()
    wanted = {
        match.id: _wanted(jobs[match.job], match, texts, votes[match.id])
        for match in matches
        if not texts.equal(match)
    }
    if models is None:
        names = map(judge_name, members(judge))
        models = frozenset().union(*(paid_votes.newest_models(tx, name) for name in names))
    found = paid_votes.paid(tx, {one.key for keys in wanted.values() for one in keys}, models)
    taken: list[Reuse] = []
    reused = Counter[JobId]()
    for match in matches if found else ():
        known = {one.number: one for one in wanted.get(match.id, ()) if one.key in found}
        uses = useful(votes[match.id], known, found, jobs[match.job].voting)
        taken += [known[vote.number] for vote in uses]
        votes[match.id] = [*votes[match.id], *uses]
        reused[match.job] += len(uses)
    if taken:
        paid_votes.reuse(tx, taken, models)
    return votes, +reused


def _wanted(
    job: ActiveJob, match: ReadyMatch, texts: Texts, in_hand: Sequence[Vote]
) -> list[Reuse]:
    """Every vote that the match may still need."""
    cast = {vote.number for vote in in_hand}
    wanted = []
    for number in range(1, job.voting.votes + 1):
        if number not in cast:
            request = texts.request(match, number, job.judge, job.voting, job.seed)
            key = vote_key(request, job.voting.resamples)
            wanted.append(Reuse(match.id, number, request.swapped, key))
    return wanted


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
