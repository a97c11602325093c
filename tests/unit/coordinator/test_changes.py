"""What outcomes change, decided without a database."""

from typing import Any

import pytest

from rrm_queue.coordinator.changes import (
    Before,
    decision_changes,
    failure_changes,
    record_changes,
    refusal_changes,
)
from rrm_queue.coordinator.losses import ATTEMPTS, LONGEST_JUDGE_WAIT, back_off
from rrm_queue.domain import (
    BatchId,
    CandidateNumber,
    DecidedBy,
    JobId,
    JobState,
    JudgeSpec,
    MatchId,
    OnNoVerdict,
    Outcome,
    Position,
    Seeding,
    TournamentId,
    TournamentState,
    Verdict,
    Vote,
    Voting,
)
from rrm_queue.errors import ForeignJob
from rrm_queue.messages import Failure, MatchReport, Outcomes
from rrm_queue.store.queue.planning import RunningTournament
from rrm_queue.store.queue.recording import LockedMatch, Requeue

MATCH, BATCH = MatchId(5), BatchId(7)
FIRST, SECOND = CandidateNumber(0), CandidateNumber(1)
WON = Vote(1, Verdict.FIRST)


def before(
    *votes: Vote, voting: Voting | None = None, strategy: str = "knockout", **match: Any
) -> Before:
    """One match that is out in BATCH, with these votes."""
    usual: dict[str, Any] = {"attempt": 0, "batch": BATCH, "undecided": True}
    locked = LockedMatch(MATCH, TournamentId(1), Position(1, 0), FIRST, SECOND, **(usual | match))
    tournament = RunningTournament(
        TournamentId(1),
        JobId("job"),
        size=2,
        seed=3,
        state=TournamentState.RUNNING,
        planned=1,
        decided=0,
        job_state=JobState.RUNNING,
        strategy=strategy,
        seeding=Seeding.RANDOM,
        voting=voting or Voting(),
        judge=JudgeSpec("reference"),
        job_seed=0,
    )
    return Before({tournament.id: tournament}, {MATCH: locked}, {MATCH: list(votes)})


def flush(*votes: Vote, failure: Failure | None = None, batch: int = BATCH) -> Outcomes:
    return Outcomes(batch, "job", "worker", [MatchReport(MATCH, list(votes), failure)])


def test_votes_that_suffice_decide_the_match() -> None:
    changes = record_changes([flush(WON)], before())
    assert changes.votes == [(MATCH, WON)]
    assert changes.outcomes == {MATCH: Outcome(FIRST)}
    assert (changes.requeued, changes.failed, changes.batches) == ({}, {}, {BATCH})
    assert changes.decided(before()) == {TournamentId(1): 1}


def test_of_two_votes_with_one_number_the_one_in_the_store_counts() -> None:
    changes = record_changes([flush(Vote(1, Verdict.SECOND))], before(WON))
    assert (changes.votes, changes.outcomes) == ([], {MATCH: Outcome(FIRST)})


def test_a_match_that_is_not_there_any_more_changes_nothing_but_its_batch() -> None:
    changes = record_changes([flush(WON)], Before({}, {}, {}))
    assert (changes.votes, changes.outcomes, changes.batches) == ([], {}, {BATCH})


def test_a_match_that_is_over_keeps_late_votes_and_no_new_outcome() -> None:
    changes = record_changes([flush(WON)], before(undecided=False))
    assert (changes.votes, changes.outcomes, changes.requeued) == ([(MATCH, WON)], {}, {})


def test_votes_that_do_not_suffice_are_kept_and_the_match_goes_back() -> None:
    three = Voting(votes=3)
    changes = record_changes([flush(WON)], before(voting=three))
    assert (changes.votes, changes.requeued) == ([(MATCH, WON)], {MATCH: Requeue()})
    late = record_changes([flush(WON, batch=6)], before(voting=three))
    assert (late.votes, late.requeued) == ([(MATCH, WON)], {}), "another batch may judge it now"


def test_a_transient_failure_is_tried_again_until_the_last_attempt() -> None:
    failure = Failure("reset", transient=True)
    again = record_changes([flush(failure=failure)], before(attempt=2))
    assert again.requeued == {MATCH: Requeue("reset", attempt=1, wait=back_off(3))}
    last = record_changes([flush(failure=failure)], before(attempt=ATTEMPTS - 1))
    assert (last.requeued, last.failed) == ({}, {MATCH: "reset"})


def test_a_judge_that_asks_to_wait_costs_no_attempt_however_often() -> None:
    failure = Failure("429", transient=True, wait=90.0)
    changes = record_changes([flush(failure=failure)], before(attempt=ATTEMPTS - 1))
    assert (changes.requeued, changes.failed) == ({MATCH: Requeue("429", wait=90.0)}, {})
    endless = Failure("429", transient=True, wait=float("inf"))
    changes = record_changes([flush(failure=endless)], before())
    assert changes.requeued == {MATCH: Requeue("429", wait=LONGEST_JUDGE_WAIT)}


def test_a_judge_that_refuses_the_job_costs_no_attempt_and_gives_its_reason() -> None:
    failure = Failure("401", transient=False, refused=True)
    changes = record_changes([flush(failure=failure)], before())
    assert (changes.requeued, changes.refused) == ({MATCH: Requeue("401")}, {"job": "401"})


def test_a_permanent_failure_fails_the_match() -> None:
    changes = record_changes([flush(failure=Failure("too long", transient=False))], before())
    assert (changes.failed, changes.requeued) == ({MATCH: "too long"}, {})


def test_a_draw_is_broken_by_a_coin_only_where_the_strategy_takes_no_draws() -> None:
    tie = flush(Vote(1, Verdict.TIE))
    assert record_changes([tie], before(strategy="elo")).outcomes == {MATCH: Outcome(None)}
    (outcome,) = record_changes([tie], before()).outcomes.values()
    assert (outcome.decided_by, outcome.winner in {FIRST, SECOND}) == (DecidedBy.COIN, True)


def test_a_vote_without_a_verdict_fails_its_match_where_the_job_says_so() -> None:
    fail = Voting(on_no_verdict=OnNoVerdict.FAIL)
    mute = Vote(1, Verdict.NONE)
    ours = record_changes([flush(mute)], before(voting=fail))
    assert (list(ours.failed), ours.votes) == ([MATCH], [(MATCH, mute)])
    repeat = record_changes([flush(mute, batch=6)], before(voting=fail))
    assert (repeat.failed, repeat.votes) == ({}, []), "it failed the match before it was retried"


def test_a_strategy_that_is_unknown_here_is_left_to_another_version() -> None:
    with pytest.raises(ForeignJob):
        record_changes([flush(Vote(1, Verdict.TIE))], before(strategy="chess"))


def test_votes_in_the_store_decide_a_match_that_nobody_has_to_judge() -> None:
    assert decision_changes([MATCH], before(WON)).outcomes == {MATCH: Outcome(FIRST)}
    assert decision_changes([MATCH], before()).outcomes == {}, "they do not suffice"
    assert decision_changes([MATCH], before(WON, undecided=False)).outcomes == {}
    assert decision_changes([MATCH], Before({}, {}, {})).outcomes == {}


def test_a_refused_match_fails_and_keeps_its_new_votes() -> None:
    two = Vote(2, Verdict.SECOND, swapped=True)
    changes = refusal_changes(
        [flush(WON, two)], before(WON, voting=Voting(votes=3)), "no such number"
    )
    assert (changes.votes, changes.failed) == ([(MATCH, two)], {MATCH: "no such number"})
    assert changes.batches == {BATCH}
    over = refusal_changes([flush(WON)], before(undecided=False), "no such number")
    assert (over.votes, over.failed) == ([], {})


def test_a_match_that_cannot_be_decided_fails_unless_it_is_over() -> None:
    assert failure_changes(MATCH, before(), "why").failed == {MATCH: "why"}
    assert failure_changes(MATCH, before(undecided=False), "why").failed == {}
    assert failure_changes(MATCH, Before({}, {}, {}), "why").failed == {}
