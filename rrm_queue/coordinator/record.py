"""Record: one flush of outcomes, in one transaction, and all that follows from it."""

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
)
from rrm_queue.errors import PermanentFault
from rrm_queue.judging.voting import coin, decide, wave
from rrm_queue.messages import Failure, MatchReport, Outcomes, Vote
from rrm_queue.store import planning, recording, votes
from rrm_queue.store.control import pause_job
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.planning import RunningTournament
from rrm_queue.store.recording import Counts, LockedMatch, Return


@dataclass(slots=True)
class _Flush:
    """What a flush changes, before it is written."""

    votes: list[tuple[MatchId, Vote]] = field(default_factory=list)
    outcomes: dict[MatchId, Outcome] = field(default_factory=dict)
    returned: dict[MatchId, Return] = field(default_factory=dict)
    failed: dict[MatchId, str] = field(default_factory=dict)
    refused: str | None = None


class _Before(NamedTuple):
    """What stands in the store before a flush is written, all of it locked."""

    tournaments: Mapping[TournamentId, RunningTournament]
    locked: Mapping[int, LockedMatch]
    in_hand: Mapping[int, Sequence[Vote]]


def record(database: Database, message: Outcomes) -> None:
    """Writes the votes and outcomes of a flush; plans, closes and ends what follows from them.

    A match that is over already is left as it is: the first outcome wins, a repeat is dropped. One
    whose votes do not suffice keeps them and goes back, to be judged on from there; a judge that
    turns the job away pauses it. Raises StoreUnavailable, with nothing written.
    """
    _write(database, message, _read)


def refuse(database: Database, message: Outcomes, reason: str) -> None:
    """Fails the undecided matches of a flush that cannot be recorded, and keeps their votes."""

    def read(message: Outcomes, before: _Before) -> _Flush:
        flush = _Flush()
        for report in message.matches:
            if (match := before.locked.get(report.match)) and match.undecided:
                flush.votes += [(match.id, vote) for vote in _new(report, before)]
                flush.failed[match.id] = reason
        return flush

    _write(database, message, read)


def _write(
    database: Database, message: Outcomes, read: Callable[[Outcomes, _Before], _Flush]
) -> None:
    """What `read` makes of a flush, with all that follows from it, in one transaction."""
    with database.begin() as tx:
        ids = [report.match for report in message.matches]
        tournaments = {t.id: t for t in planning.lock_tournaments(tx, ids)}
        locked = recording.lock_matches(tx, ids)
        # After the lock: whoever held it may have added votes.
        before = _Before(tournaments, locked, votes.in_hand(tx, list(locked)))
        flush = read(message, before)
        recording.insert_votes(tx, flush.votes)
        recording.decide_matches(tx, flush.outcomes)
        recording.give_back(tx, flush.returned)
        recording.fail_matches(tx, flush.failed)
        recording.close_batch(tx, BatchId(message.batch))
        counts = _follow(tx, flush, before)
        if flush.refused is not None:
            pause_job(tx, JobId(message.job), flush.refused)
        recording.count_for_job(tx, JobId(message.job), counts)


def _new(report: MatchReport, before: _Before) -> list[Vote]:
    """The votes of a report whose numbers the store does not have."""
    known = {vote.number for vote in before.in_hand.get(report.match, [])}
    return [vote for vote in report.votes if vote.number not in known]


def _read(message: Outcomes, before: _Before) -> _Flush:
    flush = _Flush()
    for report in {report.match: report for report in message.matches}.values():
        match = before.locked.get(report.match)
        if match is None:
            continue
        tournament = before.tournaments[match.tournament]
        ours = match.batch == message.batch
        new = _new(report, before)
        if not ours and tournament.voting.on_no_verdict is OnNoVerdict.FAIL:
            # A repeat must not bring back what failed the match before it was tried again.
            new = [vote for vote in new if vote.verdict is not Verdict.NONE]
        flush.votes += [(match.id, vote) for vote in new]
        # Decided by the votes that are kept: of two with one number, the first to arrive.
        kept = [*before.in_hand.get(match.id, []), *new]
        if not match.undecided:
            continue
        if not wave(kept, tournament.voting):
            _decide(flush, match, kept, tournament)
        elif ours:  # else a repeat, or given up: another may judge it now
            _return(flush, match, report.failure)
    return flush


def _decide(
    flush: _Flush, match: LockedMatch, kept: Sequence[Vote], tournament: RunningTournament
) -> None:
    try:
        flush.outcomes[match.id] = outcome(match, kept, tournament)
    except PermanentFault as fault:
        flush.failed[match.id] = str(fault)


def _return(flush: _Flush, match: LockedMatch, failure: Failure | None) -> None:
    """Back it goes, unless it has failed for good."""
    attempt = match.attempt + 1
    if failure is None:
        flush.returned[match.id] = Return()
    elif failure.refused:
        flush.returned[match.id] = Return(failure.reason)
        flush.refused = failure.reason
    elif failure.transient and attempt < ATTEMPTS:
        flush.returned[match.id] = Return(failure.reason, attempt=1, wait=back_off(attempt))
    else:
        flush.failed[match.id] = failure.reason


def outcome(match: LockedMatch, votes: Sequence[Vote], tournament: RunningTournament) -> Outcome:
    """The match's outcome from its votes; a coin breaks a draw that the strategy cannot use.

    Raises PermanentFault where the job fails matches with a vote that gave no verdict.
    """
    decided = decide(votes, match.first, match.second, tournament.voting)
    if decided.winner is not None or strategy_of(tournament).draws:
        return decided
    winner = coin(match.first, match.second, tournament.seed, *match.position)
    return Outcome(winner, DecidedBy.COIN)


def _follow(tx: Transaction, flush: _Flush, before: _Before) -> Counts:
    locked = before.locked
    decided = Counter(locked[match].tournament for match in flush.outcomes)
    recording.count_decided(tx, decided)
    failed = fail_tournaments(
        tx,
        [
            (locked[match].tournament, locked[match].position, error)
            for match, error in flush.failed.items()
        ],
    )
    going = [
        t._replace(decided=t.decided + decided[id_])
        for id_, t in before.tournaments.items()
        if id_ not in failed and decided[id_]
    ]
    cast = [vote for _, vote in flush.votes]
    done = advance(tx, going)
    shareable, shared = recording.sharing(tx, done) if any(v.slot_tokens for v in cast) else (0, 0)
    return Counts(
        matches_done=len(flush.outcomes),
        matches_failed=len(flush.failed),
        tournaments_done=len(done),
        tournaments_failed=len(failed),
        votes=len(cast),
        prompt_tokens=sum(vote.prompt_tokens for vote in cast),
        cached_tokens=sum(vote.cached_tokens for vote in cast),
        completion_tokens=sum(vote.completion_tokens for vote in cast),
        shareable_tokens=shareable,
        shared_tokens=shared,
    )
