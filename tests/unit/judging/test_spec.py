from pathlib import PurePosixPath

import pytest

from rrm_queue.errors import UsageFault
from rrm_queue.judging.spec import needs_reference, parse_spec
from rrm_queue.messages import JudgeSpec

HERE = PurePosixPath("/here")


def parsed(text: str, base_url: str = "https://host/v1/") -> JudgeSpec:
    return parse_spec(text, base_url=base_url, folder=HERE)


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("reference", JudgeSpec("reference")),
        ("replay:verdicts.jsonl", JudgeSpec("replay", "/here/verdicts.jsonl")),
        ("replay:/there/a:b.jsonl", JudgeSpec("replay", "/there/a:b.jsonl")),
        ("openai:org/model:v1", JudgeSpec("openai", "org/model:v1", base_url="https://host/v1")),
    ],
)
def test_a_known_judge_is_parsed(text: str, spec: JudgeSpec) -> None:
    assert parsed(text) == spec


@pytest.mark.parametrize(
    "text", ["", "nobody", "reference:x", "reference:", "replay", "replay:", "openai: ", "Openai:m"]
)
def test_an_unknown_judge_is_refused_in_one_line_that_names_the_known(text: str) -> None:
    with pytest.raises(UsageFault) as refused:
        parsed(text)
    message = str(refused.value)
    assert "\n" not in message
    assert "reference, replay:FILE, openai:MODEL" in message


@pytest.mark.parametrize("url", ["", "host/v1", "ftp://host", "http://", "http://[", "http://h:x"])
def test_a_base_url_must_be_one(url: str) -> None:
    with pytest.raises(UsageFault, match="no base URL"):
        parsed("openai:m", url)


@pytest.mark.parametrize("url", ["https://me:secret@host/v1", "https://host/v1?key=secret"])
def test_a_base_url_with_a_secret_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageFault) as refused:
        parsed("openai:m", url)
    assert "secret" not in str(refused.value)


def test_only_the_reference_judge_needs_references() -> None:
    assert needs_reference(parsed("reference"))
    assert not needs_reference(parsed("replay:f"))
