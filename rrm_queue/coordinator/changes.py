"""Decides what reported outcomes change, given the rows in the store; `record` writes it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import NamedTuple

from rrm_queue.coordinator.claims import Asked, Dropped, fitting_report
from rrm_queue.coordinator.losses import ATTEMPTS, LONGEST_JUDGE_WAIT, back_off
from rrm_queue.coordinator.plan import strategy_of
from rrm_queue.coordinator.unjudged import Lengths, equal_outcome, refused_outcome
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
from rrm_queue.store.queue.counters import Counts
from rrm_queue.store.queue.planning import RunningTournament
from rrm_queue.store.queue.recording import LockedMatch, Requeue


class Before(NamedTuple):
    """The locked rows of the store: matches that are not done, their tournaments and votes."""

    tournaments: Mapping[TournamentId, RunningTournament]
    matches: Mapping[int, LockedMatch]
    votes: Mapping[int, Sequence[Vote]]
    asked: Mapping[tuple[int, int], Asked] = {}
    unproven: Set[JobId] = frozenset()
    """Jobs of which the judge has answered no match yet."""
    lengths: Mapping[int, Lengths] = {}
    """Of the answers of matches that the judge refused, where the longer one is to lose."""
    equal: Set[int] = frozenset()
    """Matches whose two answers are the same text."""

    def tournament_of(self, match: LockedMatch) -> RunningTournament:
        """The match's tournament."""
        return self.tournaments[match.tournament]


@dataclass(slots=True)
class Changes:
    """What to write. `refused` holds, by job, why the judge refused the whole job, if it did.

    `rejected` holds why it rejected a match of a job in which it has answered none. `dropped`
    counts the votes that no job can have asked for.
    """

    votes: list[tuple[MatchId, Vote]] = field(default_factory=list)
    outcomes: dict[MatchId, Outcome] = field(default_factory=dict)
    requeued: dict[MatchId, Requeue] = field(default_factory=dict)
    failed: dict[MatchId, str] = field(default_factory=dict)
    batches: set[BatchId] = field(default_factory=set)
    refused: dict[JobId, str] = field(default_factory=dict)
    rejected: dict[JobId, str] = field(default_factory=dict)
    dropped: Dropped = field(default_factory=Dropped)

    def decided(self, before: Before) -> Counter[TournamentId]:
        """How many matches of each tournament get an outcome."""
        return Counter(before.matches[match].tournament for match in self.outcomes)


def record_changes(flushes: Iterable[Outcomes], before: Before) -> Changes:
    """The changes from flushes of any jobs; no match is in two of them.

    A finished match does not change: the first outcome counts, a repeat is dropped. A match with
    too few votes keeps them and goes back to the queue.
    """
    changes = Changes()
    for flush in flushes:
        changes.batches.add(BatchId(flush.batch))
        for report in {report.match: report for report in flush.matches}.values():
            match = before.matches.get(report.match)
            if match is not None:
                fitted = _fitted(changes, report, match, before)
                _add(changes, fitted, match, before, ours=match.batch == flush.batch)
    for match_id, _ in changes.votes:
        changes.rejected.pop(before.tournament_of(before.matches[match_id]).job, None)
    return changes


def decision_changes(matches: Iterable[MatchId], before: Before) -> Changes:
    """The changes from matches that need no question: equal texts, or enough votes in the store."""
    changes = Changes()
    for id_ in matches:
        match = before.matches.get(id_)
        if match is not None and match.undecided:
            tournament, votes = before.tournament_of(match), before.votes.get(id_, [])
            if id_ in before.equal:
                changes.outcomes[id_] = equal_outcome(match, tournament)
            elif not wave(votes, tournament.voting):
                _decide(changes, match, votes, tournament)
    return changes


def refusal_changes(flushes: Sequence[Outcomes], before: Before, reason: str) -> Changes:
    """The changes from flushes that cannot be recorded: matches fail and keep their votes."""
    changes = Changes(batches={BatchId(flush.batch) for flush in flushes})
    for report in [report for flush in flushes for report in flush.matches]:
        match = before.matches.get(report.match)
        if match is not None and match.undecided:
            fitted = _fitted(changes, report, match, before)
            changes.votes += [(match.id, vote) for vote in _new(match.id, fitted.votes, before)]
            changes.failed[match.id] = reason
    return changes


def failure_changes(match: MatchId, before: Before, reason: str) -> Changes:
    """The change for a match that its votes in the store cannot decide: it fails."""
    found = before.matches.get(match)
    return Changes(failed={match: reason} if found is not None and found.undecided else {})


def job_counts(
    changes: Changes,
    before: Before,
    done: Iterable[TournamentId],
    failed: Iterable[TournamentId],
    sharing: Mapping[JobId, tuple[int, int]],
) -> dict[JobId, Counts]:
    """What changes add to the counters of each job.

    `done` and `failed` are the tournaments that end with them, `sharing` the prompt tokens that
    these could share, and did.
    """
    counted: dict[JobId, Counter[str]] = defaultdict(Counter)
    for tournament, name, number in _added(changes, before, done, failed):
        counted[before.tournaments[tournament].job][name] += number
    for job, (shareable, shared) in sharing.items():
        counted[job].update(shareable_tokens=shareable, shared_tokens=shared)
    return {job: Counts(**numbers) for job, numbers in counted.items()}


def _added(
    changes: Changes,
    before: Before,
    done: Iterable[TournamentId],
    failed: Iterable[TournamentId],
) -> Iterator[tuple[TournamentId, str, int]]:
    """What is to be counted: of which tournament, as what, and how many."""
    yield from ((before.matches[match].tournament, "matches_done", 1) for match in changes.outcomes)
    yield from ((before.matches[match].tournament, "matches_failed", 1) for match in changes.failed)
    yield from ((tournament, "tournaments_done", 1) for tournament in done)
    yield from ((tournament, "tournaments_failed", 1) for tournament in failed)
    for match, vote in changes.votes:
        tournament = before.matches[match].tournament
        yield tournament, "votes", 1
        yield tournament, "prompt_tokens", vote.prompt_tokens
        yield tournament, "cached_tokens", vote.cached_tokens
        yield tournament, "completion_tokens", vote.completion_tokens


def outcome(match: LockedMatch, votes: Sequence[Vote], tournament: RunningTournament) -> Outcome:
    """The match's outcome from its votes; a coin breaks a draw that the strategy cannot use.

    Raises PermanentFault for a vote without a verdict when `on_no_verdict` is `fail`.
    """
    voted = decide(votes, match.first, match.second, tournament.voting)
    if voted.winner is not None or strategy_of(tournament).draws:
        return voted
    winner = coin(match.first, match.second, tournament.seed, *match.position)
    return Outcome(winner, DecidedBy.COIN)


def _fitted(
    changes: Changes, report: MatchReport, match: LockedMatch, before: Before
) -> MatchReport:
    """The part of a report that the job can have asked for."""
    tournament = before.tournament_of(match)
    return fitting_report(report, match, tournament, changes.dropped, before.asked)


def _add(
    changes: Changes, report: MatchReport, match: LockedMatch, before: Before, *, ours: bool
) -> None:
    """Adds the changes of one report; `ours` if the match is still out in the report's batch."""
    tournament = before.tournament_of(match)
    new = _new(match.id, report.votes, before)
    if not ours and tournament.voting.on_no_verdict is OnNoVerdict.FAIL:
        # A repeat must not bring back the vote that failed the match before its retry.
        new = [vote for vote in new if vote.verdict is not Verdict.NONE]
    changes.votes += [(match.id, vote) for vote in new]
    if not match.undecided:
        return
    # Only stored votes decide. Of two votes with one number, the first to arrive is stored.
    kept = [*before.votes.get(match.id, []), *new]
    if not wave(kept, tournament.voting):
        _decide(changes, match, kept, tournament)
    elif ours:  # else it is a repeat, or the batch was given up and another may judge the match
        _return(changes, match, report.failure, before)


def _new(match: int, votes: Iterable[Vote], before: Before) -> list[Vote]:
    """The votes whose numbers are not in the store yet, and that their person casts only now."""
    kept = before.votes.get(match, [])
    numbers = {vote.number for vote in kept}
    people = {vote.person for vote in kept if vote.person is not None}
    return [vote for vote in votes if vote.number not in numbers and vote.person not in people]


def _decide(
    changes: Changes, match: LockedMatch, votes: Sequence[Vote], tournament: RunningTournament
) -> None:
    try:
        changes.outcomes[match.id] = outcome(match, votes, tournament)
    except PermanentFault as fault:
        changes.failed[match.id] = str(fault)


def _return(
    changes: Changes,
    match: LockedMatch,
    failure: Failure | None,
    before: Before,
) -> None:
    """The match goes back to the queue, unless it has failed for good.

    A judge may reject the first matches because of the job's settings. These matches are kept, so
    that they can be judged after the settings are corrected.
    """
    attempt, tournament = match.attempt + 1, before.tournament_of(match)
    unproven = tournament.job in before.unproven and not tournament.voting.keep_going
    if failure is None:
        changes.requeued[match.id] = Requeue()
    elif failure.refused:
        changes.requeued[match.id] = Requeue(failure.reason)
        changes.refused[tournament.job] = failure.reason
    elif failure.wait > 0:
        wait = min(failure.wait, LONGEST_JUDGE_WAIT)
        changes.requeued[match.id] = Requeue(failure.reason, wait=wait)
    elif failure.rejected and unproven and attempt < ATTEMPTS:
        changes.requeued[match.id] = Requeue(failure.reason, attempt=1, wait=back_off(attempt))
        changes.rejected[tournament.job] = failure.reason
    elif failure.transient and attempt < ATTEMPTS:
        changes.requeued[match.id] = Requeue(failure.reason, attempt=1, wait=back_off(attempt))
    elif ended := refused_outcome(match, tournament, failure, before.lengths.get(match.id)):
        changes.outcomes[match.id] = ended
    else:
        changes.failed[match.id] = failure.reason
