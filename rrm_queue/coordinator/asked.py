"""What reported votes were asked with, from the coordinator's own rows: seed, order and key."""

from collections.abc import Iterable, Mapping

from rrm_queue.coordinator.claims import Asked
from rrm_queue.coordinator.judge_batch import Texts, read_texts
from rrm_queue.domain import TournamentId
from rrm_queue.judging.kinds import kind_of
from rrm_queue.judging.vote_key import vote_key
from rrm_queue.messages import MatchReport
from rrm_queue.store.database import Transaction
from rrm_queue.store.queue.planning import RunningTournament
from rrm_queue.store.queue.recording import LockedMatch


def votes_asked(
    tx: Transaction,
    tournaments: Mapping[TournamentId, RunningTournament],
    matches: Mapping[int, LockedMatch],
    reports: Iterable[MatchReport],
) -> dict[tuple[int, int], Asked]:
    """What the votes of locked matches were asked with, by match and number.

    Nothing of judges whose votes cost nothing: their votes have no keys, and no texts are read.
    """
    costing = {id_: t for id_, t in tournaments.items() if kind_of(t.judge).costs}
    paid = {id_: match for id_, match in matches.items() if match.tournament in costing}
    if not paid:
        return {}
    texts = read_texts(tx, [t.judge for t in costing.values()], paid.values())
    return {
        (match.id, vote.number): _asked(texts, match, vote.number, costing[match.tournament])
        for report in reports
        if (match := paid.get(report.match)) is not None
        for vote in report.votes
        if 1 <= vote.number <= costing[match.tournament].voting.votes
    }


def _asked(texts: Texts, match: LockedMatch, number: int, job: RunningTournament) -> Asked:
    request = texts.request(match, number, job.judge, job.voting, job.job_seed)
    return Asked(request.seed, request.swapped, vote_key(request, job.voting.resamples))
