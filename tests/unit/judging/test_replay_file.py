import json
from pathlib import Path

import pytest

from rrm_queue.domain import NoVerdict
from rrm_queue.errors import BadInput
from rrm_queue.judging.engines.replay.engine import check_file, read_recording

GOOD = {"tournament": "t", "first": "b", "second": "a", "winner": "a"}


def write(path: Path, *lines: object) -> Path:
    path.write_text("".join(f"{x if isinstance(x, str) else json.dumps(x)}\n" for x in lines))
    return path


def test_a_recording_holds_what_was_said_in_each_order(tmp_path: Path) -> None:
    turned = {**GOOD, "first": "a", "second": "b", "winner": "b"}
    drawn = {**GOOD, "tournament": "u", "winner": None, "more": 1}
    silent = {**drawn, "tournament": "v", "no_verdict": "no box"}
    path = write(tmp_path / "r.jsonl", GOOD, "", GOOD, turned, drawn, silent)
    assert read_recording(path) == {
        ("t", "b", "a"): "a",
        ("t", "a", "b"): "b",
        ("u", "b", "a"): None,
        ("v", "b", "a"): NoVerdict.NO_BOX,
    }


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "truncated"),
        ('["t"]', "Expected `object`"),
        ({"tournament": "t", "first": "a", "second": "b"}, "missing required field `winner`"),
        ({**GOOD, "first": 1}, "Expected `str`"),
        ({**GOOD, "winner": "c"}, "the winner 'c' is neither `first` nor `second`"),
        ({**GOOD, "winner": "b"}, "an earlier line gives this pair, in this order, another winner"),
        ({**GOOD, "no_verdict": "no box"}, "not both"),
        ({**GOOD, "winner": None, "no_verdict": "shy"}, "Invalid enum value 'shy'"),
    ],
)
def test_the_first_bad_line_is_named(tmp_path: Path, line: object, reason: str) -> None:
    path = write(tmp_path / "r.jsonl", GOOD, line, "worse")
    with pytest.raises(BadInput) as refused:
        check_file(str(path))
    message = str(refused.value)
    assert message.startswith(f"{path}:2: ")
    assert reason in message
    assert "\n" not in message


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b'{"tournament": "\xff", "first": "a", "second": "b", "winner": "a"}\n')
    with pytest.raises(BadInput, match=r":1: "):
        check_file(str(path))


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_file(str(tmp_path / name))
    assert str(refused.value).startswith(str(tmp_path))
