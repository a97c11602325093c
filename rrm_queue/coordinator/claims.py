"""Claims: a flush is believed only as far as it fits the batch that was sent.

The coordinator trusts neither workers nor the broker that carries their flushes. What does not fit
is dropped, and the rest of the flush is kept.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from msgspec import structs

from rrm_queue.domain import JudgeSpec, Order, Verdict, Vote, Voting
from rrm_queue.domain.jury import judge_of, own_number
from rrm_queue.judging.bounds import bounded, bounded_failure
from rrm_queue.judging.kinds import kind_of
from rrm_queue.judging.verdict import may_tie
from rrm_queue.judging.voting import sample_seed
from rrm_queue.messages import MatchReport, Outcomes
from rrm_queue.store.queue.planning import RunningTournament
from rrm_queue.store.queue.recording import LARGEST_ID, LockedMatch, SentBatch


@dataclass(slots=True)
class Dropped:
    """How much was dropped from flushes, for each reason. It quotes nothing from the flushes."""

    reasons: Counter[str] = field(default_factory=Counter)

    def note(self, reason: str, count: int = 1) -> None:
        """Adds `count` to what was dropped for this reason."""
        if count:
            self.reasons[reason] += count

    def __str__(self) -> str:
        return ", ".join(f"{count} {reason}" for reason, count in sorted(self.reasons.items()))


def fitting_flush(flush: Outcomes, sent: SentBatch | None, dropped: Dropped) -> Outcomes | None:
    """The flush, with only the reports on matches that its batch carried.

    None for a flush of an unknown batch, of another job, or without the batch's token. A batch that
    the previous version sent has no token and no list of matches: then all of its job is accepted.
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
    """What a vote was asked with, from the coordinator's own rows."""

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
    """The report, with only the votes that its job can have asked for.

    `asked` holds what paid votes were asked with, by match and number. Its keys and seeds are the
    ones that are stored. A vote that was asked with other values, for example by a worker of the
    previous version, counts for its match but gets no key: no other job uses it.
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
    """The vote with the key and the seed that it was asked with."""
    seed = sample_seed(asked.seed, vote.samples)
    same = vote.seed == seed and vote.key == asked.key
    return structs.replace(vote, seed=seed, key=asked.key if same else None)


def _carried(match: int, sent: SentBatch) -> bool:
    return 0 < match <= LARGEST_ID if sent.matches is None else match in sent.matches


def _asked(vote: Vote, match: LockedMatch, tournament: RunningTournament) -> bool:
    """Whether such a vote is possible with the job's voting and judge."""
    return (
        1 <= vote.number <= tournament.voting.votes
        and _shown_as_asked(vote, match, tournament.voting)
        and not (vote.verdict is Verdict.TIE and not may_tie(_judge(vote, tournament)))
        and (vote.no_verdict is None or vote.verdict is Verdict.NONE)
        and (vote.person is not None) is kind_of(tournament.judge).by_people
    )


def _judge(vote: Vote, tournament: RunningTournament) -> JudgeSpec:
    return judge_of(tournament.judge, vote.number, tournament.voting)


def _shown_as_asked(vote: Vote, match: LockedMatch, voting: Voting) -> bool:
    """Whether the vote showed its answers in the order that its number prescribes.

    A random order depends on the texts, and these are read only for paid votes.
    """
    match voting.order:
        case Order.BALANCED | Order.BOTH:
            return vote.swapped is (own_number(vote.number, voting) % 2 == 0)
        case Order.FIXED:
            return vote.swapped is (match.second < match.first)
        case _:
            return True


def fitting(
    flushes: Iterable[Outcomes], sent: Mapping[int, SentBatch], dropped: Dropped
) -> list[Outcomes]:
    """The flushes, and of these the reports, that fit what their batches carried."""
    fitted = [fitting_flush(flush, sent.get(flush.batch), dropped) for flush in flushes]
    return [flush for flush in fitted if flush is not None]
