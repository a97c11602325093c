"""Record: flushes of outcomes, in one transaction, and all that follows from them."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rrm_queue.coordinator.plan import advance, fail_tournaments, strategy_of
from rrm_queue.coordinator.rules import ATTEMPTS, back_off
from rrm_queue.domain import (
    BatchId,
    DecidedBy,
    JobId,
    MatchId,
    OnNoVerdict,
    Outcome,
    TournamentId,
    Verdict,
    Vote,
)
from rrm_queue.errors import PermanentFault
from rrm_queue.judging.voting import coin, decide, wave
from rrm_queue.messages import Failure, MatchReport, Outcomes
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.queue import paid_votes as votes
from rrm_queue.store.queue import planning, recording
from rrm_queue.store.queue.control import pause_job
from rrm_queue.store.queue.planning import RunningTournament
from rrm_queue.store.queue.recording import Counts, LockedMatch, Return


@dataclass(slots=True)
class _Changes:
    """What flushes change, before it is written."""

    votes: list[tuple[MatchId, Vote]] = field(default_factory=list)
    outcomes: dict[MatchId, Outcome] = field(default_factory=dict)
    returned: dict[MatchId, Return] = field(default_factory=dict)
    failed: dict[MatchId, str] = field(default_factory=dict)
    refused: str | None = None


class _Before(NamedTuple):
    """What stands in the store before flushes are written, all of it locked."""

    tournaments: Mapping[TournamentId, RunningTournament]
    locked: Mapping[int, LockedMatch]
    in_hand: Mapping[int, Sequence[Vote]]


def record(database: Database, *flushes: Outcomes) -> None:
    """Writes the votes and outcomes of flushes; plans, closes and ends what follows from them.

    They are of one job, and no match is in two of them (see `rules.together`). A match that is over
    already is left as it is: the first outcome wins, a repeat is dropped. One whose votes do not
    suffice keeps them and goes back, to be judged on from there; a judge that turns the job away
    pauses it. Raises StoreUnavailable, and ForeignJob for a job that only another version can go on
    with; nothing is written then.
    """
    _write(database, flushes, _read)


def refuse(database: Database, flush: Outcomes, reason: str) -> None:
    """Fails the undecided matches of a flush that cannot be recorded, and keeps their votes."""

    def read(changes: _Changes, flush: Outcomes, before: _Before) -> None:
        for report in flush.matches:
            if (match := before.locked.get(report.match)) and match.undecided:
                changes.votes += [(match.id, vote) for vote in _new(report, before)]
                changes.failed[match.id] = reason

    _write(database, [flush], read)


def _write(
    database: Database,
    flushes: Sequence[Outcomes],
    read: Callable[[_Changes, Outcomes, _Before], None],
) -> None:
    """What `read` makes of the flushes, with all that follows from it, in one transaction."""
    with database.begin() as tx:
        ids = [report.match for flush in flushes for report in flush.matches]
        tournaments = {t.id: t for t in planning.lock_tournaments(tx, ids)}
        locked = recording.lock_matches(tx, ids)
        # After the lock: whoever held it may have added votes.
        before = _Before(tournaments, locked, votes.in_hand(tx, list(locked)))
        changes = _Changes()
        for flush in flushes:
            read(changes, flush, before)
        recording.insert_votes(tx, changes.votes)
        recording.decide_matches(tx, changes.outcomes)
        recording.requeue_matches(tx, changes.returned)
        recording.fail_matches(tx, changes.failed)
        recording.close_batches(tx, {BatchId(flush.batch) for flush in flushes})
        counts = _follow(tx, changes, before)
        job = JobId(flushes[0].job)
        if changes.refused is not None:
            pause_job(tx, job, changes.refused)
        recording.count_for_job(tx, job, counts)


def _new(report: MatchReport, before: _Before) -> list[Vote]:
    """The votes of a report whose numbers the store does not have."""
    known = {vote.number for vote in before.in_hand.get(report.match, [])}
    return [vote for vote in report.votes if vote.number not in known]


def _read(changes: _Changes, flush: Outcomes, before: _Before) -> None:
    for report in {report.match: report for report in flush.matches}.values():
        match = before.locked.get(report.match)
        if match is None:
            continue
        tournament = before.tournaments[match.tournament]
        ours = match.batch == flush.batch
        new = _new(report, before)
        if not ours and tournament.voting.on_no_verdict is OnNoVerdict.FAIL:
            # A repeat must not bring back what failed the match before it was tried again.
            new = [vote for vote in new if vote.verdict is not Verdict.NONE]
        changes.votes += [(match.id, vote) for vote in new]
        # Decided by the votes that are kept: of two with one number, the first to arrive.
        kept = [*before.in_hand.get(match.id, []), *new]
        if not match.undecided:
            continue
        if not wave(kept, tournament.voting):
            _decide(changes, match, kept, tournament)
        elif ours:  # else a repeat, or given up: another may judge it now
            _return(changes, match, report.failure)


def _decide(
    changes: _Changes, match: LockedMatch, kept: Sequence[Vote], tournament: RunningTournament
) -> None:
    try:
        changes.outcomes[match.id] = outcome(match, kept, tournament)
    except PermanentFault as fault:
        changes.failed[match.id] = str(fault)


def _return(changes: _Changes, match: LockedMatch, failure: Failure | None) -> None:
    """Back it goes, unless it has failed for good."""
    attempt = match.attempt + 1
    if failure is None:
        changes.returned[match.id] = Return()
    elif failure.refused:
        changes.returned[match.id] = Return(failure.reason)
        changes.refused = failure.reason
    elif failure.transient and attempt < ATTEMPTS:
        changes.returned[match.id] = Return(failure.reason, attempt=1, wait=back_off(attempt))
    else:
        changes.failed[match.id] = failure.reason


def outcome(match: LockedMatch, votes: Sequence[Vote], tournament: RunningTournament) -> Outcome:
    """The match's outcome from its votes; a coin breaks a draw that the strategy cannot use.

    Raises PermanentFault where the job fails matches with a vote that gave no verdict.
    """
    decided = decide(votes, match.first, match.second, tournament.voting)
    if decided.winner is not None or strategy_of(tournament).draws:
        return decided
    winner = coin(match.first, match.second, tournament.seed, *match.position)
    return Outcome(winner, DecidedBy.COIN)


def _follow(tx: Transaction, changes: _Changes, before: _Before) -> Counts:
    locked = before.locked
    decided = Counter(locked[match].tournament for match in changes.outcomes)
    recording.count_decided(tx, decided)
    failed = fail_tournaments(
        tx,
        [
            (locked[match].tournament, locked[match].position, error)
            for match, error in changes.failed.items()
        ],
    )
    going = [
        t._replace(decided=t.decided + decided[id_])
        for id_, t in before.tournaments.items()
        if id_ not in failed and decided[id_]
    ]
    cast = [vote for _, vote in changes.votes]
    done = advance(tx, going)
    shareable, shared = recording.sharing(tx, done) if any(v.slot_tokens for v in cast) else (0, 0)
    return Counts(
        matches_done=len(changes.outcomes),
        matches_failed=len(changes.failed),
        tournaments_done=len(done),
        tournaments_failed=len(failed),
        votes=len(cast),
        prompt_tokens=sum(vote.prompt_tokens for vote in cast),
        cached_tokens=sum(vote.cached_tokens for vote in cast),
        completion_tokens=sum(vote.completion_tokens for vote in cast),
        shareable_tokens=shareable,
        shared_tokens=shared,
    )
