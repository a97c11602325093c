"""Messages of earlier versions, as bytes that those versions wrote (at commit f8a1c29).

Workers and coordinators of two versions share a broker while a fleet is upgraded.
"""

from pathlib import Path
from uuid import UUID

from rrm_queue.domain import (
    JudgeSpec,
    Launch,
    NoVerdict,
    OnNoVerdict,
    Order,
    Stop,
    Verdict,
    Vote,
    Voting,
)
from rrm_queue.messages import (
    Answer,
    BatchMatch,
    Failure,
    JudgeBatch,
    MatchReport,
    Outcomes,
    Question,
    decode,
    encode,
)

URL = "http://127.0.0.1:9/v1"

BATCH = JudgeBatch(
    batch=7,
    job="0123456789ab",
    judge=JudgeSpec(
        "openai",
        "judge-1",
        base_url=URL,
        temperature=0.5,
        max_tokens=100,
        template="{{ prompt }}",
    ),
    questions=[
        Question(
            "t0",
            "Which is larger?",
            None,
            [Answer(0, "c0", "It is 1."), Answer(1, "c1", "It is 2.", 0.5)],
        ),
        Question(
            "t1", "And here?", "2", [Answer(2, "c2", "It is 2."), Answer(3, "c3", "It is 3.")]
        ),
    ],
    matches=[
        BatchMatch(5, 0, 1),
        BatchMatch(6, 2, 3, 1, [Vote(1, Verdict.NONE, True, NoVerdict.TRUNCATED, seed=4)]),
    ],
    voting=Voting(
        votes=3,
        order=Order.BOTH,
        launch=Launch.ALL,
        stop=Stop.LEAD,
        lead=2,
        on_no_verdict=OnNoVerdict.COIN,
        resamples=1,
    ),
    seed=11,
)

VOTE = Vote(
    number=2,
    verdict=Verdict.SECOND,
    swapped=True,
    text="Because.",
    seed=9,
    model="judge-1",
    prompt_tokens=10,
    cached_tokens=4,
    completion_tokens=5,
    seconds=1.5,
    queue_seconds=0.25,
    query_tokens=3,
    slot_tokens=6,
    samples=2,
    neutralised=True,
    key=UUID(int=1),
)

OUTCOMES = Outcomes(
    7,
    "0123456789ab",
    "machine:1:abcd",
    [
        MatchReport(5, [VOTE]),
        MatchReport(6, [], Failure("no luck", transient=True)),
        MatchReport(8, [], Failure("401", transient=False, refused=True)),
    ],
)


def recorded(name: str) -> bytes:
    return bytes.fromhex((Path(__file__).parent / "recorded_messages" / f"{name}.hex").read_text())


def test_a_batch_is_read_and_written_as_the_version_before_does() -> None:
    assert decode(recorded("judge-batch.2"), JudgeBatch) == BATCH
    assert encode(BATCH) == recorded("judge-batch.2")


def test_outcomes_are_read_and_written_as_the_version_before_does() -> None:
    assert decode(recorded("outcomes.1"), Outcomes) == OUTCOMES
    assert encode(OUTCOMES) == recorded("outcomes.1")
