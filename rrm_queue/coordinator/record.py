"""Record: one flush of outcomes, in one transaction, and all that follows from it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rrm_queue.coordinator.plan import advance, fail_tournaments, strategy_of
from rrm_queue.coordinator.rules import ATTEMPTS
from rrm_queue.domain import (
    BatchId,
    DecidedBy,
    JobId,
    MatchId,
    Outcome,
    TournamentId,
)
from rrm_queue.errors import PermanentFault
from rrm_queue.judging.voting import coin, decide
from rrm_queue.messages import Outcomes, Vote
from rrm_queue.store import planning, recording
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.planning import RunningTournament
from rrm_queue.store.recording import Counts, UndecidedMatch


@dataclass(slots=True)
class _Flush:
    """What a flush changes, before it is written."""

    votes: list[tuple[MatchId, Vote]] = field(default_factory=list)
    outcomes: dict[MatchId, Outcome] = field(default_factory=dict)
    retried: dict[MatchId, str] = field(default_factory=dict)
    failed: dict[MatchId, str] = field(default_factory=dict)


def record(database: Database, message: Outcomes) -> None:
    """Writes the votes and outcomes of a flush; plans, closes and ends what follows from them.

    A match that is over already is left as it is: the first outcome wins, a repeat is dropped.
    Raises StoreUnavailable, with nothing written.
    """
    with database.begin() as tx:
        ids = [report.match for report in message.matches]
        tournaments = {t.id: t for t in planning.lock_tournaments(tx, ids)}
        undecided = recording.lock_undecided(tx, ids)
        flush = _read(message, undecided, tournaments)
        _write(tx, flush)
        recording.close_batch(tx, BatchId(message.batch))
        counts = _follow(tx, flush, undecided, tournaments)
        recording.count_for_job(tx, JobId(message.job), counts)


def _read(
    message: Outcomes,
    undecided: Mapping[int, UndecidedMatch],
    tournaments: Mapping[TournamentId, RunningTournament],
) -> _Flush:
    flush = _Flush()
    for report in {report.match: report for report in message.matches}.values():
        match = undecided.get(report.match)
        if match is None:
            continue
        failure = report.failure
        if failure is not None and match.batch != message.batch:
            continue  # a repeat, or of a batch that was given up: another may judge it now
        flush.votes += [(match.id, vote) for vote in report.votes]
        if failure is None:
            try:
                decided = outcome(match, report.votes, tournaments[match.tournament])
                flush.outcomes[match.id] = decided
            except PermanentFault as fault:
                flush.failed[match.id] = str(fault)
        elif failure.transient and match.attempt + 1 < ATTEMPTS:
            flush.retried[match.id] = failure.reason
        else:
            flush.failed[match.id] = failure.reason
    return flush


def outcome(match: UndecidedMatch, votes: Sequence[Vote], tournament: RunningTournament) -> Outcome:
    """The match's outcome from its votes; a coin breaks a draw that the strategy cannot use.

    Raises PermanentFault where the job fails matches with a vote that gave no verdict.
    """
    decided = decide(votes, match.first, match.second, tournament.voting)
    if decided.winner is not None or strategy_of(tournament).draws:
        return decided
    winner = coin(match.first, match.second, tournament.seed, *match.position)
    return Outcome(winner, DecidedBy.COIN)


def _write(tx: Transaction, flush: _Flush) -> None:
    # A match that goes back for another attempt has its votes judged anew: they are not kept.
    kept = [(match, vote) for match, vote in flush.votes if match not in flush.retried]
    recording.insert_votes(tx, kept)
    recording.decide_matches(tx, flush.outcomes)
    recording.retry_matches(tx, flush.retried)
    recording.fail_matches(tx, flush.failed)


def _follow(
    tx: Transaction,
    flush: _Flush,
    undecided: Mapping[int, UndecidedMatch],
    tournaments: Mapping[TournamentId, RunningTournament],
) -> Counts:
    decided = Counter(undecided[match].tournament for match in flush.outcomes)
    recording.count_decided(tx, decided)
    failed = fail_tournaments(
        tx,
        [
            (undecided[match].tournament, undecided[match].position, error)
            for match, error in flush.failed.items()
        ],
    )
    going = [
        t._replace(decided=t.decided + decided[id_])
        for id_, t in tournaments.items()
        if id_ not in failed and decided[id_]
    ]
    votes = [vote for match, vote in flush.votes if match not in flush.retried]
    done = advance(tx, going)
    shareable, shared = recording.sharing(tx, done) if any(v.slot_tokens for v in votes) else (0, 0)
    return Counts(
        matches_done=len(flush.outcomes),
        matches_failed=len(flush.failed),
        tournaments_done=len(done),
        tournaments_failed=len(failed),
        votes=len(votes),
        prompt_tokens=sum(vote.prompt_tokens for vote in votes),
        cached_tokens=sum(vote.cached_tokens for vote in votes),
        completion_tokens=sum(vote.completion_tokens for vote in votes),
        shareable_tokens=shareable,
        shared_tokens=shared,
    )
