"""Record: outcomes, in one transaction, with all that follows from them.

Outcomes that cannot be recorded together are recorded flush by flush, and those of a flush match by
match: one that cannot be recorded harms nothing else.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from msgspec import structs

from rrm_queue.coordinator.asked import votes_asked
from rrm_queue.coordinator.changes import (
    Before,
    Changes,
    decision_changes,
    failure_changes,
    job_counts,
    record_changes,
    refusal_changes,
)
from rrm_queue.coordinator.claims import Dropped, fitting
from rrm_queue.coordinator.first_answers import is_rejected, is_unproven, silence
from rrm_queue.coordinator.plan import advance, check_judge, fail_tournaments
from rrm_queue.coordinator.unjudged import Lengths
from rrm_queue.domain import BatchId, JobId, MatchId, OnRefused
from rrm_queue.domain.jury import judge_of
from rrm_queue.errors import ForeignJob, StoreUnavailable
from rrm_queue.judging.kinds import judge_name
from rrm_queue.log_once import log_once
from rrm_queue.messages import Outcomes
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.queue import counters, paid_votes, planning, recording
from rrm_queue.store.queue.control import pause_job
from rrm_queue.store.queue.counters import Counts
from rrm_queue.text import first_line

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Recorded:
    """What became of outcomes: what they added to the counters, and the flushes that are left."""

    counts: Counts = field(default_factory=Counts)
    left: list[Outcomes] = field(default_factory=list)

    def attempt(self, write: Callable[[], Counts]) -> Exception | None:
        """Writes and counts; the fault that kept it from being written, if any.

        Raises StoreUnavailable: then nothing smaller can be written either.
        """
        try:
            self.counts += write()
        except StoreUnavailable:
            raise
        except Exception as fault:
            return fault
        return None


def record_group(database: Database, group: Sequence[Outcomes]) -> Recorded:
    """Records flushes that may go into one transaction (see `batching.together`).

    All together; if that fails, each alone; if that fails, each of its matches alone. A match that
    cannot be recorded fails, with its votes kept where possible. A flush stays in the inbox when
    only another version can go on with its job, or when a match of it cannot even fail. Raises
    StoreUnavailable: what is recorded by then may be recorded again.
    """
    done = Recorded()
    fault = done.attempt(lambda: record(database, *group))
    if fault is None:
        return done
    if len(group) > 1 and not isinstance(fault, ForeignJob):
        log.warning("%s flushes cannot be recorded together: %s", len(group), first_line(fault))
    for flush in group:
        fault = _record_flush(done, database, flush)
        if fault is not None:
            leave(BatchId(flush.batch), first_line(fault))
            done.left.append(flush)
    return done


def decide_group(database: Database, matches: Mapping[MatchId, JobId]) -> Counts:
    """Decides matches, each with its job, by their votes in the store; together or each alone."""
    done = Recorded()
    if done.attempt(lambda: decide(database, matches)) is None:
        return done.counts
    for match, job in matches.items():
        fault = _decide_match(done, database, job, match)
        if fault is not None:
            log_once(log, logging.ERROR, "match %s is not decided: %s", match, first_line(fault))
    return done.counts


def leave(batch: BatchId, why: str) -> None:
    """Says that outcomes of a batch stay in the inbox."""
    log_once(log, logging.ERROR, "outcomes of batch %s are left in the inbox: %s", batch, why)


def _record_flush(done: Recorded, database: Database, flush: Outcomes) -> Exception | None:
    """Records a flush, or else each of its matches; why it is left in the inbox, if it is."""
    fault = done.attempt(lambda: record(database, flush))
    if fault is None or isinstance(fault, ForeignJob):
        return fault
    log.error("a flush of batch %s cannot be recorded whole", flush.batch, exc_info=fault)
    parts = [structs.replace(flush, matches=[report]) for report in flush.matches]
    faults = [_record_match(done, database, part) for part in parts]
    return next((fault for fault in faults if fault is not None), None)


def _record_match(done: Recorded, database: Database, flush: Outcomes) -> Exception | None:
    """Records a flush of one match, or else fails the match; why neither was possible."""
    fault = done.attempt(lambda: record(database, flush))
    reason = f"its outcome cannot be recorded: {first_line(fault)}" if fault else ""
    (report,) = flush.matches
    for votes in (report.votes, []):
        if fault is None or isinstance(fault, ForeignJob):
            return fault
        refused = structs.replace(flush, matches=[structs.replace(report, votes=votes)])
        fault = done.attempt(partial(refuse, database, refused, reason))
    return fault


def _decide_match(
    done: Recorded, database: Database, job: JobId, match: MatchId
) -> Exception | None:
    """Decides a match by its votes in the store, or else fails it; why neither was possible."""
    fault = done.attempt(lambda: decide(database, {match: job}))
    if fault is None or isinstance(fault, ForeignJob):
        return fault
    reason = f"its outcome cannot be recorded: {first_line(fault)}"
    return done.attempt(lambda: fail(database, job, match, reason))


def record(database: Database, *flushes: Outcomes) -> Counts:
    """Writes the votes and outcomes of flushes; plans, closes and ends what follows from them.

    The flushes may be of many jobs; no match is in two of them. A judge that turns a job away
    pauses it. Raises StoreUnavailable, and ForeignJob for a job that only another version can go on
    with; nothing is written then.
    """
    with database.begin() as tx:
        fitted, dropped = _fitting(tx, flushes)
        if not fitted:
            counts = Counts()
        else:
            before = _refused(tx, fitted, _reported(tx, fitted))
            changes = record_changes(fitted, before)
            dropped.reasons += changes.dropped.reasons
            counts = _write(tx, changes, before)
    if dropped.reasons:
        log.warning("dropped of %s flushes of outcomes: %s", len(flushes), dropped)
    return counts


def refuse(database: Database, flush: Outcomes, reason: str) -> Counts:
    """Fails the undecided matches of a flush that cannot be recorded, and keeps its votes."""
    with database.begin() as tx:
        fitted, _ = _fitting(tx, [flush])
        if not fitted:
            return Counts()
        before = _reported(tx, fitted)
        return _write(tx, refusal_changes(fitted, before, reason), before)


def decide(database: Database, matches: Mapping[MatchId, JobId]) -> Counts:
    """Decides those of the matches, each with its job, that have equal texts or enough votes.

    Raises as `record` does.
    """
    with database.begin() as tx:
        before = _locked(tx, dict(matches.items()))
        before = before._replace(equal=recording.equal_texts(tx, list(before.matches)))
        return _write(tx, decision_changes(matches, before), before)


def fail(database: Database, job: JobId, match: MatchId, reason: str) -> Counts:
    """Fails an undecided match."""
    with database.begin() as tx:
        before = _locked(tx, {match: job})
        return _write(tx, failure_changes(match, before, reason), before)


def _fitting(tx: Transaction, flushes: Sequence[Outcomes]) -> tuple[list[Outcomes], Dropped]:
    """What of the flushes their batches carried: nothing else is looked at any further."""
    dropped = Dropped()
    sent = recording.sent_batches(tx, {flush.batch for flush in flushes})
    return fitting(flushes, sent, dropped), dropped


def _reported(tx: Transaction, flushes: Sequence[Outcomes]) -> Before:
    """What stands in the store of the matches in flushes, and what their votes were asked with."""
    reports = [report for flush in flushes for report in flush.matches]
    before = _locked(
        tx, {report.match: JobId(flush.job) for flush in flushes for report in flush.matches}
    )
    return before._replace(asked=votes_asked(tx, before.tournaments, before.matches, reports))


def _refused(tx: Transaction, flushes: Sequence[Outcomes], before: Before) -> Before:
    """What else is to be known where the judge refused matches."""
    reports = [report for flush in flushes for report in flush.matches if report.failure]
    failures = [report.failure for report in reports if report.failure]
    if any(failure.rejected for failure in failures):
        rejecting = {
            JobId(flush.job)
            for flush in flushes
            if any(report.failure and report.failure.rejected for report in flush.matches)
        }
        unproven = frozenset(job for job in rejecting if is_unproven(tx, job))
        before = before._replace(unproven=unproven)
    lose = any(t.voting.on_refused is OnRefused.LOSE for t in before.tournaments.values())
    if lose and any(failure.match_refused or failure.rejected for failure in failures):
        found = recording.answer_lengths(tx, [report.match for report in reports])
        before = before._replace(lengths={match: Lengths(*pair) for match, pair in found.items()})
    return before


def _locked(tx: Transaction, matches: Mapping[int, JobId]) -> Before:
    """What stands in the store of these matches, each with its job, locked for this transaction."""
    tournaments = {t.id: t for t in planning.lock_tournaments(tx, matches)}
    for tournament in tournaments.values():
        check_judge(tournament.judge)
    locked = recording.lock_matches(tx, matches)
    # After the lock: another transaction that held it may have added votes.
    return Before(tournaments, locked, paid_votes.in_hand(tx, list(locked)))


def _write(tx: Transaction, changes: Changes, before: Before) -> Counts:
    """Writes changes and all that follows from them; what that adds to the jobs' counters."""
    recording.insert_votes(tx, changes.votes)
    _note_model(tx, changes, before)
    recording.decide_matches(tx, changes.outcomes)
    recording.requeue_matches(tx, changes.requeued)
    recording.fail_matches(tx, changes.failed)
    recording.close_batches(tx, changes.batches)
    counts = _follow(tx, changes, before)
    _count(tx, counts, changes, before)
    return sum(counts.values(), Counts())


def _count(
    tx: Transaction, counts: Mapping[JobId, Counts], changes: Changes, before: Before
) -> None:
    """Adds to the counters of jobs, and pauses those whose judge is of no use to them."""
    notes = {
        job: reason for job, reason in changes.rejected.items() if is_rejected(tx, job, reason)
    } | changes.refused
    counters.lock_jobs(tx, sorted({*counts, *notes}))
    for job, note in notes.items():
        pause_job(tx, job, note)
    for job, cast in counters.count_for_jobs(tx, counts).items():
        if silent := silence(tx, job, before, counts[job], cast):
            pause_job(tx, job, silent)


def _note_model(tx: Transaction, changes: Changes, before: Before) -> None:
    """Notes what gave the newest vote of each judge that can be used again."""
    newest: dict[str, str] = {}
    for match, vote in changes.votes:
        if vote.key is not None:
            tournament = before.tournament_of(before.matches[match])
            judge = judge_of(tournament.judge, vote.number, tournament.voting)
            newest[judge_name(judge)] = vote.model
    for name, model in sorted(newest.items()):
        paid_votes.note_newest_model(tx, name, model)


def _follow(tx: Transaction, changes: Changes, before: Before) -> dict[JobId, Counts]:
    """Fails the tournaments of failed matches, plans the others on and closes those that end.

    What all of the changes add to the counters of each job.
    """
    decided = changes.decided(before)
    recording.count_decided(tx, decided)
    failing = [(before.matches[match], error) for match, error in changes.failed.items()]
    failed = fail_tournaments(tx, [(m.tournament, m.position, error) for m, error in failing])
    going = [
        t._replace(decided=t.decided + decided[id_])
        for id_, t in before.tournaments.items()
        if id_ not in failed and decided[id_]
    ]
    done = advance(tx, going)
    written = any(vote.slot_tokens for _, vote in changes.votes)
    sharing = counters.sharing(tx, done) if written else {}
    return job_counts(changes, before, done, failed, sharing)
