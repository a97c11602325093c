import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.domain import JudgeSpec, Verdict, Vote, Voting
from rrm_queue.errors import MessageRefused, UnknownVersion
from rrm_queue.messages import LARGEST, JudgeBatch, MatchReport, Outcomes, Question, decode, encode

BATCH = JudgeBatch(
    1, "job", JudgeSpec("reference"), [Question("t", "2 + 2?", "4", [])], [], Voting(), 0
)


def test_a_message_comes_back_as_it_was_sent() -> None:
    outcomes = Outcomes(1, "job", "worker", [MatchReport(7, [Vote(1, Verdict.TIE)])])
    assert decode(encode(outcomes), Outcomes) == outcomes
    assert decode(encode(BATCH), JudgeBatch) == BATCH


def test_a_message_of_another_kind_or_version_is_refused() -> None:
    with pytest.raises(MessageRefused, match="judge-batch"):
        decode(encode(BATCH), Outcomes)
    later = msgspec.msgpack.decode(encode(BATCH)) | {"type": "rrmq.judge-batch.3"}
    with pytest.raises(UnknownVersion, match=r"it is rrmq.judge-batch\.3, spoken is"):
        decode(msgspec.msgpack.encode(later), JudgeBatch)


@given(st.binary())
def test_damaged_bytes_are_refused_and_nothing_else(body: bytes) -> None:
    with pytest.raises(MessageRefused):
        decode(body, Outcomes)


def test_a_judge_is_written_as_the_command_line_has_it() -> None:
    assert str(JudgeSpec("reference")) == "reference"
    assert str(JudgeSpec("replay", "votes.jsonl")) == "replay:votes.jsonl"


@pytest.mark.parametrize("body", [b"\x00" * (LARGEST + 1), "text", None, 7, [b"x"]])
def test_what_is_too_large_or_no_bytes_is_refused(body: bytes) -> None:
    with pytest.raises(MessageRefused, match="more than"):
        decode(body, JudgeBatch)


def test_what_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(MessageRefused):
        decode(b"\x91" * 1_000_000, JudgeBatch)
