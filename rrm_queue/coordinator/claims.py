"""Claims: what a flush says is believed only where it fits what its batch was sent with.

A worker is not trusted, and neither is the broker that its flushes come through. Whatever does not
fit is dropped, and what is right beside it is kept.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from msgspec import structs

from rrm_queue.domain import Order, Verdict, Vote, Voting
from rrm_queue.judging.bounds import bounded, bounded_failure
from rrm_queue.judging.kinds import kind_of
from rrm_queue.judging.voting import sample_seed
from rrm_queue.messages import MatchReport, Outcomes
from rrm_queue.store.queue.planning import RunningTournament
from rrm_queue.store.queue.recording import LARGEST_ID, LockedMatch, SentBatch


@dataclass(slots=True)
class Dropped:
    """What was dropped of flushes: how many things for each reason. Nothing of them is quoted."""

    reasons: Counter[str] = field(default_factory=Counter)

    def note(self, reason: str, count: int = 1) -> None:
        """Counts `count` things that were dropped for a reason."""
        if count:
            self.reasons[reason] += count

    def __str__(self) -> str:
        return ", ".join(f"{count} {reason}" for reason, count in sorted(self.reasons.items()))


def fitting_flush(flush: Outcomes, sent: SentBatch | None, dropped: Dropped) -> Outcomes | None:
    """The flush with those of its reports that are of matches which its batch carried.

    None for a flush of no known batch, of another job, or without the batch's token. A batch that
    the version before sent has no token and no list: whatever is of its job is taken then.
    """
    if sent is None or sent.job != flush.job:
        dropped.note("flushes of no batch of their job")
        return None
    if sent.token is not None and sent.token != flush.token:
        dropped.note("flushes without their batch's token")
        return None
    reports = [report for report in flush.matches if _carried(report.match, sent)]
    dropped.note("matches that their batch did not carry", len(flush.matches) - len(reports))
    return structs.replace(flush, matches=reports)


class Asked(NamedTuple):
    """What a vote was asked with, as the coordinator's own rows say."""

    seed: int
    swapped: bool
    key: UUID


def fitting_report(
    report: MatchReport,
    match: LockedMatch,
    tournament: RunningTournament,
    dropped: Dropped,
    asked: Mapping[tuple[int, int], Asked],
) -> MatchReport:
    """The report with those of its votes that its job can have asked for.

    `asked` says of votes that are paid for, by match and number, what they were asked with: the key
    and the seed that are kept are these. A vote that was asked with others, as by a worker of the
    version before, counts for its match and has no key: it is used for no other job.
    """
    votes: dict[int, Vote] = {}
    for vote in report.votes:
        if _asked(vote, match, tournament):
            votes.setdefault(vote.number, bounded(vote))
    if asked:
        votes = {
            number: _keyed(vote, asked[match.id, number])
            for number, vote in votes.items()
            if vote.swapped is asked[match.id, number].swapped
        }
    dropped.note("votes that were not asked for", len(report.votes) - len(votes))
    failure = report.failure and bounded_failure(report.failure)
    return MatchReport(report.match, list(votes.values()), failure)


def _keyed(vote: Vote, asked: Asked) -> Vote:
    """The vote with the key and the seed of what was asked."""
    seed = sample_seed(asked.seed, vote.samples)
    same = vote.seed == seed and vote.key == asked.key
    return structs.replace(vote, seed=seed, key=asked.key if same else None)


def _carried(match: int, sent: SentBatch) -> bool:
    return 0 < match <= LARGEST_ID if sent.matches is None else match in sent.matches


def _asked(vote: Vote, match: LockedMatch, tournament: RunningTournament) -> bool:
    """Whether the job's voting and judge can bring about such a vote."""
    return (
        1 <= vote.number <= tournament.voting.votes
        and _shown_as_asked(vote, match, tournament.voting)
        and not (vote.verdict is Verdict.TIE and kind_of(tournament.judge).writes)
        and (vote.no_verdict is None or vote.verdict is Verdict.NONE)
    )


def _shown_as_asked(vote: Vote, match: LockedMatch, voting: Voting) -> bool:
    """Whether the vote showed its answers in the order that is its number's.

    A random order depends on the texts, which are read only for votes that are paid for.
    """
    match voting.order:
        case Order.BALANCED | Order.BOTH:
            return vote.swapped is (vote.number % 2 == 0)
        case Order.FIXED:
            return vote.swapped is (match.second < match.first)
        case _:
            return True


def fitting(
    flushes: Iterable[Outcomes], sent: Mapping[int, SentBatch], dropped: Dropped
) -> list[Outcomes]:
    """Those of the flushes, and those of their reports, that fit what their batches carried."""
    fitted = [fitting_flush(flush, sent.get(flush.batch), dropped) for flush in flushes]
    return [flush for flush in fitted if flush is not None]
