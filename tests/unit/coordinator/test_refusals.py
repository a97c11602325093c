"""What is taken for a refusal because of length, in the words of judges."""

import pytest

from rrm_queue.coordinator.unjudged import Lengths, refused_outcome
from rrm_queue.domain import (
    BatchId,
    CandidateNumber,
    DecidedBy,
    JobId,
    JobState,
    JudgeSpec,
    MatchId,
    OnRefused,
    Outcome,
    Position,
    Seeding,
    TournamentId,
    TournamentState,
    Voting,
)
from rrm_queue.messages import Failure
from rrm_queue.store.queue.planning import RunningTournament
from rrm_queue.store.queue.recording import LockedMatch

FIRST, SECOND = CandidateNumber(0), CandidateNumber(1)
MATCH = LockedMatch(MatchId(1), TournamentId(1), Position(1, 0), FIRST, SECOND, 0, BatchId(1), True)
TOO_LONG = [
    "This model's maximum context length is 4096 tokens",
    "prompt is too long: 210000 tokens > 200000 maximum",
    "the request exceeds the available context size",
    "The input (5000 tokens) is longer than the model's context",
    "http://h answered 413: nothing",
    "string too long. Expected a string with maximum length 2000",
]
OTHER = ["Odd characters", "invalid field: messages", "http://h answered 422: unprocessable"]


def ended(
    reason: str, wish: OnRefused, *, strategy: str = "elo", lengths: Lengths
) -> Outcome | None:
    tournament = RunningTournament(
        id=TournamentId(1),
        job=JobId("job"),
        size=2,
        seed=3,
        state=TournamentState.RUNNING,
        planned=1,
        decided=0,
        job_state=JobState.RUNNING,
        strategy=strategy,
        seeding=Seeding.RANDOM,
        voting=Voting(on_refused=wish),
        judge=JudgeSpec("openai", "m"),
        job_seed=0,
    )
    failure = Failure(reason, transient=False, rejected=True)
    return refused_outcome(MATCH, tournament, failure, lengths)


@pytest.mark.parametrize("strategy", ["elo", "knockout"])
@pytest.mark.parametrize("reason", TOO_LONG)
def test_the_longer_answer_loses_where_the_judge_speaks_of_length(
    reason: str, strategy: str
) -> None:
    for lengths, winner in ((Lengths(10, 9), SECOND), (Lengths(9, 10), FIRST)):
        found = ended(reason, OnRefused.LOSE, strategy=strategy, lengths=lengths)
        assert found == Outcome(winner, DecidedBy.REFUSED)


@pytest.mark.parametrize("reason", OTHER)
def test_no_answer_loses_for_another_reason(reason: str) -> None:
    found = ended(reason, OnRefused.LOSE, lengths=Lengths(1, 9))
    assert found == Outcome(None, DecidedBy.REFUSED)


def test_of_two_equally_long_answers_none_loses() -> None:
    found = ended(TOO_LONG[0], OnRefused.LOSE, lengths=Lengths(5, 5))
    assert found == Outcome(None, DecidedBy.REFUSED)


def test_a_bracket_gets_its_winner_from_a_coin() -> None:
    found = ended(OTHER[0], OnRefused.ABSTAIN, strategy="knockout", lengths=Lengths(1, 9))
    assert found is not None
    assert found.decided_by is DecidedBy.COIN


def test_a_job_that_wants_it_fails_the_match() -> None:
    assert ended(TOO_LONG[0], OnRefused.FAIL, lengths=Lengths(1, 9)) is None
