import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.domain import Verdict
from rrm_queue.errors import MessageRefused
from rrm_queue.messages import (
    JudgeBatch,
    JudgeSpec,
    MatchReport,
    Outcomes,
    Vote,
    Voting,
    decode,
    encode,
)

BATCH = JudgeBatch(1, "job", "t", JudgeSpec("reference"), "2 + 2?", "4", [], [], Voting(), 0)


def test_a_message_comes_back_as_it_was_sent() -> None:
    outcomes = Outcomes(1, "job", "worker", [MatchReport(7, [Vote(1, Verdict.TIE)])])
    assert decode(encode(outcomes), Outcomes) == outcomes
    assert decode(encode(BATCH), JudgeBatch) == BATCH


def test_a_message_of_another_kind_or_version_is_refused() -> None:
    with pytest.raises(MessageRefused, match="judge-batch"):
        decode(encode(BATCH), Outcomes)
    later = msgspec.msgpack.decode(encode(BATCH)) | {"type": "rrmq.judge-batch.2"}
    with pytest.raises(MessageRefused, match=r"judge-batch\.2"):
        decode(msgspec.msgpack.encode(later), JudgeBatch)


@given(st.binary())
def test_damaged_bytes_are_refused_and_nothing_else(body: bytes) -> None:
    with pytest.raises(MessageRefused):
        decode(body, Outcomes)


def test_a_judge_is_written_as_the_command_line_has_it() -> None:
    assert str(JudgeSpec("reference")) == "reference"
    assert str(JudgeSpec("replay", "votes.jsonl")) == "replay:votes.jsonl"
