"""A match whose votes stop by evidence, with workers of this version and of the one before."""

import pytest
from kit.jobs import lines, received, submit_file
from kit.paid_votes import view
from msgspec import structs

from rrm_queue.broker.client import BrokerClient
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.domain import JobState, Verdict, Vote, Voting
from rrm_queue.judging.voting import wave
from rrm_queue.messages import BatchMatch, JudgeBatch, MatchReport, Outcomes
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

SAYS = "ABAAAAAAAAAAAAA"
"""What the judge says of every pair: A is the answer with the larger number."""

OF_THIS_RULE, OF_THE_LEAD_ALONE = "ABAAAA", "ABAAA"


def answered(batch: JudgeBatch, voting: Voting) -> Outcomes:
    return batch.outcomes("test", [MatchReport(m.match, added(m, voting)) for m in batch.matches])


def added(match: BatchMatch, voting: Voting) -> list[Vote]:
    """The votes that a worker casts to those that the match has, wave by wave."""
    had = list(match.votes)
    cast = list(had)
    while numbers := wave(cast, voting):
        for number in numbers:
            turned = number % 2 == 0
            for_first = (SAYS[number - 1] == "A") == (match.first > match.second)
            verdict = Verdict.FIRST if for_first is not turned else Verdict.SECOND
            cast.append(Vote(number, verdict, swapped=turned, seed=number))
    return cast[len(had) :]


@pytest.mark.parametrize("before", [False, True])
def test_a_match_gets_the_votes_of_the_rule_whichever_worker_judges_it(
    database: Database, broker: BrokerClient, before: bool
) -> None:
    rule = {"votes": len(SAYS), "stop": "lead", "lead": 3, "evidence": 0.85}
    job = submit_file(database, lines([2] * 4), voting=rule)
    sent = []
    while dispatch(database, broker):
        for batch in received(broker):
            voting = structs.replace(batch.voting, evidence=0.0) if before else batch.voting
            outcomes = answered(batch, voting)
            sent += [len(report.votes) for report in outcomes.matches]
            record(database, outcomes)
    assert view(database, job).state is JobState.SUCCEEDED
    with database.begin() as tx:
        held = tx.scalars(text("SELECT count(*) FROM votes GROUP BY match_id")).all()
        lost = tx.scalars(text("SELECT attempt FROM matches")).all()
    assert held == [len(OF_THIS_RULE)] * 4
    assert set(lost) == {0}, "no attempt is lost by it"
    assert sent[:4] == [len(OF_THE_LEAD_ALONE if before else OF_THIS_RULE)] * 4
